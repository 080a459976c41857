import { Opcode } from '../frame.ts';
import { caseOf, GOODBYE, type WebSocketCase } from './case.ts';

const { text, binary } = Opcode;

/** 1: text and bytes of the lengths at which a frame's head changes. */
export function framing(): WebSocketCase[] {
  const sizes = [0, 125, 126, 127, 128, 65_535, 65_536];
  return [text, binary].flatMap((opcode, kind) => [
    ...sizes.map((size, index) =>
      caseOf(`1.${kind + 1}.${index + 1}`, `${size} bytes`, [{ opcode, payload: '*'.repeat(size) }, GOODBYE]),
    ),
    caseOf(`1.${kind + 1}.8`, '65536 bytes in pieces', [{ opcode, payload: '*'.repeat(65_536) }, GOODBYE], {
      piece: 997,
    }),
  ]);
}
