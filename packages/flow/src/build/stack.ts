import { type Section, sectionsOf, textAt } from './elf-sections.ts';

/** Of elf.h: symbols with their names, relocations, symbols of functions and of sections, and what a call is changed to. */
const SYMBOLS = 2;
const RELOCATIONS = 9;
const [OF_FUNCTION, OF_SECTION] = [2, 3];
/** The section of what is the kernel's own. */
const ELSEWHERE = 0;
const INSTRUCTION_BYTES = 8;
/** Of linux/bpf.h: classes of instructions, the ones that are looked at, and the register that frames begin below. */
const [LOAD, STORE_NUMBER, STORE] = [0x61, 0x62, 0x63];
const CLASS_AND_SIZE = 0x07;
const [MOVE, ADD_NUMBER, CALL] = [0xbf, 0x07, 0x85];
const OF_PROGRAM = 1;
const FRAME = 10;

/** Before Linux 6.8 the kernel rounds each frame to this, bytes; since then to 16, where it compiles programs. */
const ROUNDED_TO = 32;
/** What the kernel gives all frames of a chain of calls together, bytes (MAX_BPF_STACK). */
export const STACK_BYTES = 512;

interface Called {
  readonly name: string;
  frame: number;
  readonly calls: Set<string>;
}

export interface Chain {
  /** Bytes of all frames, as the kernels that round the most count them. */
  readonly bytes: number;
  readonly functions: readonly string[];
}

/** The chain of calls of a compiled program that takes the most stack. */
export function deepestChain(file: Buffer): Chain {
  const functions = readFunctions(sectionsOf(file));
  const known = new Map<string, Chain>();
  const deepest = (place: string): Chain => {
    const before = known.get(place);
    if (before !== undefined) return before;
    const { name, frame, calls } = functions.get(place)!;
    const own = Math.max(1, Math.ceil(frame / ROUNDED_TO)) * ROUNDED_TO;
    const below = largest([...calls].map(deepest));
    const chain = { bytes: own + below.bytes, functions: [`${name} (${frame})`, ...below.functions] };
    known.set(place, chain);
    return chain;
  };
  return largest([...functions.keys()].map(deepest));
}

function largest(chains: readonly Chain[]): Chain {
  return chains.reduce((most, chain) => (chain.bytes > most.bytes ? chain : most), { bytes: 0, functions: [] });
}

/** By section and offset, as `3:120`. */
function readFunctions(sections: readonly Section[]): Map<string, Called> {
  const symbols = readSymbols(sections);
  const functions = new Map<string, Called>();
  for (const { type, name, section, offset } of symbols) {
    if (type === OF_FUNCTION) functions.set(`${section}:${offset}`, { name, frame: 0, calls: new Set() });
  }
  const relocated = new Map<string, (typeof symbols)[number]>();
  for (const { type, about, bytes } of sections) {
    for (let at = 0; type === RELOCATIONS && at < bytes.length; at += 16) {
      relocated.set(`${about}:${bytes.readBigUInt64LE(at)}`, symbols[bytes.readUInt32LE(at + 12)]!);
    }
  }
  for (const { section, offset, size, type } of symbols) {
    if (type !== OF_FUNCTION) continue;
    const one = functions.get(`${section}:${offset}`)!;
    const code = sections[section]!.bytes;
    for (let at = offset; at < offset + size; at += INSTRUCTION_BYTES) {
      one.frame = Math.max(one.frame, frameUsed(code, at));
      const number = code.readInt32LE(at + 4);
      if (code[at] !== CALL || code[at + 1]! >> 4 !== OF_PROGRAM) continue;
      const symbol = relocated.get(`${section}:${at}`);
      if (symbol === undefined) one.calls.add(`${section}:${at + (number + 1) * INSTRUCTION_BYTES}`);
      else if (symbol.section === ELSEWHERE) continue;
      else if (symbol.type === OF_SECTION) one.calls.add(`${symbol.section}:${(number + 1) * INSTRUCTION_BYTES}`);
      else one.calls.add(`${symbol.section}:${symbol.offset}`);
    }
  }
  return functions;
}

function readSymbols(sections: readonly Section[]) {
  const names = sections.find(({ name }) => name === '.strtab')!.bytes;
  const { bytes } = sections.find(({ type }) => type === SYMBOLS)!;
  return Array.from({ length: bytes.length / 24 }, (_, index) => {
    const at = index * 24;
    return {
      name: textAt(names, bytes.readUInt32LE(at)),
      type: bytes[at + 4]! & 0xf,
      section: bytes.readUInt16LE(at + 6),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      size: Number(bytes.readBigUInt64LE(at + 16)),
    };
  });
}

/** How far below its beginning an instruction reaches into the frame, or makes a pointer there. */
function frameUsed(code: Buffer, at: number): number {
  const operation = code[at]!;
  const [target, source] = [code[at + 1]! & 0xf, code[at + 1]! >> 4];
  const kind = operation & CLASS_AND_SIZE;
  const isStore = kind === (STORE & CLASS_AND_SIZE) || kind === (STORE_NUMBER & CLASS_AND_SIZE);
  if ((isStore && target === FRAME) || (kind === (LOAD & CLASS_AND_SIZE) && source === FRAME)) {
    return Math.max(0, -code.readInt16LE(at + 2));
  }
  // A pointer into it: the frame's beginning is copied, and the distance added by the next instruction.
  if (operation !== MOVE || source !== FRAME || at + 2 * INSTRUCTION_BYTES > code.length) return 0;
  const next = at + INSTRUCTION_BYTES;
  return code[next] === ADD_NUMBER && (code[next + 1]! & 0xf) === target ? Math.max(0, -code.readInt32LE(next + 4)) : 0;
}
