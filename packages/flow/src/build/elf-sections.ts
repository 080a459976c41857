const SECTION_HEADER_OFFSET = 40;
const SECTION_HEADER_SIZE = 58;
const SECTION_COUNT = 60;
const NAMES_INDEX = 62;
const NO_BITS = 8;

export interface Section {
  readonly name: string;
  /** SHT_* of elf.h. */
  readonly type: number;
  /** Of relocations: the section that they change. */
  readonly about: number;
  readonly bytes: Buffer;
}

/** All sections of a little-endian ELF64 file, in its order. */
export function sectionsOf(file: Buffer): Section[] {
  const table = Number(file.readBigUInt64LE(SECTION_HEADER_OFFSET));
  const size = file.readUInt16LE(SECTION_HEADER_SIZE);
  const sections = Array.from({ length: file.readUInt16LE(SECTION_COUNT) }, (_, index) => {
    const at = table + index * size;
    const type = file.readUInt32LE(at + 4);
    const offset = Number(file.readBigUInt64LE(at + 24));
    const length = type === NO_BITS ? 0 : Number(file.readBigUInt64LE(at + 32));
    const bytes = file.subarray(offset, offset + length);
    return { name: file.readUInt32LE(at), type, about: file.readUInt32LE(at + 44), bytes };
  });
  const names = sections[file.readUInt16LE(NAMES_INDEX)]!.bytes;
  return sections.map((section) => ({ ...section, name: textAt(names, section.name) }));
}

/** Of a table of texts that end with a zero byte. */
export function textAt(table: Buffer, offset: number): string {
  return table.toString('latin1', offset, table.indexOf(0, offset));
}

/**
 * The sections of a little-endian ELF64 file that make up what a program does: code, data, map definitions and
 * relocations, by name. Type and line information is left out, because it repeats the kernel's headers and so differs
 * from one system to the next.
 */
export function meaningfulSections(file: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const { name, bytes } of sectionsOf(file).slice(1)) {
    if (/^(\.text|\.maps|\.rodata.*|\.data.*|license|xdp.*|tc.*)$/.test(name)) found.set(name, bytes);
  }
  return found;
}
