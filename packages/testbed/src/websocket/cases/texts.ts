import { type FrameOptions, Opcode } from '../frame.ts';
import { TEXT_CHAPTERS } from '../texts.ts';
import { caseOf, GOODBYE, type WebSocketCase } from './case.ts';

const { continuation, text } = Opcode;

const NOT_UTF8 = { closes: 1007 };

/** Text in these fragments. */
function inFragments(parts: readonly (Uint8Array | string)[]): FrameOptions[] {
  return parts.map((payload, index) => ({
    opcode: index === 0 ? text : continuation,
    payload,
    fin: index === parts.length - 1,
  }));
}

const singleBytes = (bytes: Buffer): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));

/** 6: text and its encoding. With a `b` behind the number: the same byte by byte. */
export function texts(): WebSocketCase[] {
  const letters = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
  const greek = Buffer.from('κόσμε');
  const beyond = Buffer.from('f4908080', 'hex');
  const surrogate = Buffer.concat([greek, Buffer.from('eda080', 'hex'), Buffer.from('edited')]);
  const broken = Buffer.concat([greek, beyond, Buffer.from('edited')]);
  return [
    caseOf('6.1.1', 'empty text', [{ opcode: text }, GOODBYE]),
    caseOf('6.1.2', 'three empty fragments', [...inFragments(['', '', '']), GOODBYE]),
    caseOf('6.1.3', 'text between empty fragments', [...inFragments(['', 'middle', '']), GOODBYE]),
    caseOf('6.2.1', 'letters of several bytes', [{ opcode: text, payload: letters }, GOODBYE]),
    caseOf('6.2.2', 'two fragments', [...inFragments([letters.subarray(0, 12), letters.subarray(12)]), GOODBYE]),
    caseOf('6.2.3', 'a fragment for each byte', [...inFragments(singleBytes(letters)), GOODBYE]),
    caseOf('6.2.4', 'the same of other letters', [...inFragments(singleBytes(greek)), GOODBYE], { piece: 1 }),
    caseOf('6.3.1', 'a surrogate in the middle', [{ opcode: text, payload: surrogate }, GOODBYE], NOT_UTF8),
    caseOf('6.3.2', 'the same, a fragment for each byte', [...inFragments(singleBytes(surrogate)), GOODBYE], NOT_UTF8),
    caseOf('6.4.1', 'the second of three fragments is wrong', [...inFragments([greek, beyond, 'edited'])], NOT_UTF8),
    caseOf(
      '6.4.2',
      'a letter in three fragments is wrong',
      inFragments([broken.subarray(0, 12), broken.subarray(12, 13), broken.subarray(13)]),
      NOT_UTF8,
    ),
    caseOf('6.4.3', 'the same in one frame, in pieces', [{ opcode: text, payload: broken }, GOODBYE], {
      ...NOT_UTF8,
      piece: 17,
    }),
    caseOf('6.4.4', 'the same in one frame, byte by byte', [{ opcode: text, payload: broken }, GOODBYE], {
      ...NOT_UTF8,
      piece: 1,
    }),
    ...TEXT_CHAPTERS.flatMap(({ chapter, about, sequences, right }) =>
      sequences.flatMap((payload, index) => {
        const id = `${chapter}.${index + 1}`;
        const name = `${about}: ${payload.toString('hex')}`;
        const closes = right(payload, index) ? 1000 : 1007;
        return [
          caseOf(id, name, [{ opcode: text, payload }, GOODBYE], { closes }),
          caseOf(`${id}b`, `${name}, byte by byte`, [{ opcode: text, payload }, GOODBYE], { closes, piece: 1 }),
        ];
      }),
    ),
  ];
}
