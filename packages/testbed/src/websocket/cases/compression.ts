import { constants, deflateRawSync } from 'node:zlib';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { type FrameOptions, Opcode } from '../frame.ts';
import { caseOf, GOODBYE, type WebSocketCase } from './case.ts';

const { continuation, text, binary } = Opcode;

const KIB = 1024;
const LARGEST = 128 * KIB;
/** What a decompressor remembers of the messages before, and a compressor may refer to. */
const WINDOW = 32 * KIB;
const MESSAGES = 4;
/** RSV1: a compressed message begins (RFC 7692 section 6). */
const COMPRESSED = 4;
/** Four bytes that end a flushed block and are not sent (RFC 7692 section 7.2.1). */
const TAIL = 4;

/** Size of a message, and of the fragments that it is sent in; 0: one. */
const SIZES: readonly (readonly [number, number])[] = [
  ...[16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, LARGEST].map((size) => [size, 0] as const),
  ...[8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, LARGEST].map((size) => [size, 256] as const),
  ...[KIB, 4 * KIB, 32 * KIB].map((each) => [LARGEST, each] as const),
];

/** Stand-ins for the suite's files: what each is like to a compressor. */
const CONTENTS = [
  { about: 'JSON', opcode: text, make: (random: Random) => repeated(() => record(random)) },
  { about: 'a bitmap', opcode: binary, make: (random: Random) => bitmap(random) },
  { about: 'prose', opcode: text, make: (random: Random) => repeated(() => `${word(random)} `) },
  { about: 'HTML', opcode: text, make: (random: Random) => repeated(() => `<li class="a">${word(random)}</li>\n`) },
  { about: 'a PDF', opcode: binary, make: (random: Random) => noise(random) },
] as const;

const OFFER = 'permessage-deflate; client_max_window_bits';

/** What is offered in 13.1 to 13.7. */
const OFFERS = [
  OFFER,
  `${OFFER}; server_no_context_takeover`,
  `${OFFER}; server_max_window_bits=9`,
  `${OFFER}; server_max_window_bits=15`,
  `${OFFER}; server_no_context_takeover; server_max_window_bits=9`,
  `${OFFER}; server_no_context_takeover; server_max_window_bits=15`,
  `${OFFER}; server_no_context_takeover; server_max_window_bits=9, ${OFFER}; server_no_context_takeover, ${OFFER}`,
];

/** 12: compressed messages (RFC 7692) of several kinds. 13: what may be agreed on about their compression. */
export function compression(): WebSocketCase[] {
  const contents = CONTENTS.map(({ make }, index) => make(new Random(12 + index)));
  return [
    ...CONTENTS.flatMap(({ about, opcode }, chapter) =>
      SIZES.map((sizes, index) => {
        const content = contents[chapter]!;
        return compressed(`12.${chapter + 1}.${index + 1}`, about, opcode, content, sizes, OFFER);
      }),
    ),
    ...OFFERS.flatMap((offer, chapter) =>
      SIZES.map((sizes, index) =>
        compressed(`13.${chapter + 1}.${index + 1}`, offer, text, contents[0]!, sizes, offer),
      ),
    ),
  ];
}

function compressed(
  id: string,
  about: string,
  opcode: number,
  content: Buffer,
  [size, each]: readonly [number, number],
  extensions: string,
): WebSocketCase {
  const name = `${about}: ${MESSAGES} messages of ${size} bytes, in fragments of ${each === 0 ? 'any size' : each}`;
  const frames = () => [...messages(opcode, content, size, each), GOODBYE];
  return caseOf(id, name, frames, { extensions });
}

/** Messages of consecutive parts of the content, each compressed with what came before it in mind. */
function messages(opcode: number, content: Buffer, size: number, each: number): FrameOptions[] {
  return Array.from({ length: MESSAGES }, (_, index) => {
    const start = index * size;
    const before = content.subarray(Math.max(0, start - WINDOW), start);
    const bytes = deflateRawSync(content.subarray(start, start + size), {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(before.length === 0 ? {} : { dictionary: before }),
    });
    return inFragments(opcode, bytes.subarray(0, -TAIL), each);
  }).flat();
}

function inFragments(opcode: number, bytes: Buffer, each: number): FrameOptions[] {
  const count = each === 0 ? 1 : Math.max(1, Math.ceil(bytes.length / each));
  return Array.from({ length: count }, (_, index) => ({
    opcode: index === 0 ? opcode : continuation,
    reserved: index === 0 ? COMPRESSED : 0,
    payload: each === 0 ? bytes : bytes.subarray(index * each, (index + 1) * each),
    fin: index === count - 1,
  }));
}

/** As much as the largest case sends, in ASCII, so that it can be cut anywhere. */
function repeated(next: () => string): Buffer {
  let all = '';
  while (all.length < MESSAGES * LARGEST) all += next();
  return Buffer.from(all, 'latin1');
}

function word(random: Random): string {
  const length = 2 + random.below(9);
  return Array.from({ length }, () => 'etaoinshrdlu'[Math.min(random.below(12), random.below(12))]).join('');
}

function record(random: Random): string {
  return `{"id":${random.below(1e6)},"name":"${word(random)}","tags":["${word(random)}","${word(random)}"]},`;
}

function bitmap(random: Random): Buffer {
  return Buffer.alloc(MESSAGES * LARGEST).map((_, index) => (index >> 4) + random.below(4)) as Buffer;
}

function noise(random: Random): Buffer {
  return Buffer.alloc(MESSAGES * LARGEST).map(() => random.below(256)) as Buffer;
}
