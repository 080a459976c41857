import { type FrameOptions, Opcode } from '../frame.ts';
import { caseOf, GOODBYE, type WebSocketCase } from './case.ts';

const { continuation, text, binary } = Opcode;

const KIB = 1024;
const MIB = 1024 * KIB;

const SIZES = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
const FRAGMENTS = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
const PIECES = [64, 128, 256, 512, KIB, 2 * KIB];
const SMALL = [0, 16, 64, 256, KIB, 4 * KIB];
const MESSAGES = 1000;

/** A message of `size` bytes in fragments of `each`. */
function inFragments(opcode: number, size: number, each: number): FrameOptions[] {
  return Array.from({ length: Math.ceil(size / each) }, (_, index) => ({
    opcode: index === 0 ? opcode : continuation,
    payload: Buffer.alloc(Math.min(each, size - index * each), 0x2a),
    fin: (index + 1) * each >= size,
  }));
}

/** 9: large messages, many fragments, many pieces, many messages. 10: fragments of a size that divides nothing. */
export function limits(): WebSocketCase[] {
  const whole = (opcode: number, size: number) => () => [{ opcode, payload: Buffer.alloc(size, 0x2a) }, GOODBYE];
  return [
    ...[text, binary].flatMap((opcode, kind) => [
      ...SIZES.map((size, index) => caseOf(`9.${kind + 1}.${index + 1}`, `${size} bytes`, whole(opcode, size))),
      ...FRAGMENTS.map((each, index) =>
        caseOf(`9.${kind + 3}.${index + 1}`, `4 MiB in fragments of ${each}`, () => [
          ...inFragments(opcode, 4 * MIB, each),
          GOODBYE,
        ]),
      ),
      ...PIECES.map((piece, index) =>
        caseOf(`9.${kind + 5}.${index + 1}`, `1 MiB in pieces of ${piece}`, whole(opcode, MIB), { piece }),
      ),
      ...SMALL.map((size, index) =>
        caseOf(`9.${kind + 7}.${index + 1}`, `${MESSAGES} messages of ${size} bytes`, () => [
          ...Array.from({ length: MESSAGES }, () => ({ opcode, payload: Buffer.alloc(size, 0x2a) })),
          GOODBYE,
        ]),
      ),
    ]),
    caseOf('10.1.1', '65536 bytes in fragments of 1300', [...inFragments(text, 64 * KIB, 1300), GOODBYE]),
  ];
}
