import { Opcode } from '../frame.ts';
import { caseOf, GOODBYE, type WebSocketCase, WRONG } from './case.ts';

const { text, binary, ping, pong } = Opcode;

/** 2: pings and pongs. */
export function pings(): WebSocketCase[] {
  const full = Buffer.alloc(125, 0xfe);
  const tens = Array.from({ length: 10 }, (_, index) => ({ opcode: ping, payload: `payload-${index}` }));
  return [
    caseOf('2.1', 'a ping without payload', [{ opcode: ping }, GOODBYE]),
    caseOf('2.2', 'a ping with text', [{ opcode: ping, payload: 'Hello, world!' }, GOODBYE]),
    caseOf('2.3', 'a ping with bytes', [{ opcode: ping, payload: Uint8Array.of(0, 255, 254, 253, 0, 255) }, GOODBYE]),
    caseOf('2.4', 'a ping with 125 bytes', [{ opcode: ping, payload: full }, GOODBYE]),
    caseOf('2.5', 'a ping with 126 bytes', [{ opcode: ping, payload: Buffer.alloc(126, 0xfe) }, GOODBYE], WRONG),
    caseOf('2.6', 'a ping byte by byte', [{ opcode: ping, payload: full }, GOODBYE], { piece: 1 }),
    caseOf('2.7', 'a pong that nobody asked for', [{ opcode: pong }, GOODBYE]),
    caseOf('2.8', 'the same with a payload', [{ opcode: pong, payload: 'unsolicited' }, GOODBYE]),
    caseOf('2.9', 'a pong, then a ping', [{ opcode: pong, payload: 'no' }, { opcode: ping, payload: 'yes' }, GOODBYE]),
    caseOf('2.10', 'ten pings', [...tens, GOODBYE]),
    caseOf('2.11', 'ten pings byte by byte', [...tens, GOODBYE], { piece: 1 }),
  ];
}

/** 3: reserved bits that no extension has given a meaning. */
export function reservedBits(): WebSocketCase[] {
  const hello = { opcode: text, payload: 'Hello, world!' };
  return [
    caseOf('3.1', 'RSV 1 of a message', [{ ...hello, reserved: 1 }, GOODBYE], WRONG),
    caseOf('3.2', 'RSV 2 behind a good message', [hello, { ...hello, reserved: 2 }, { opcode: ping }], WRONG),
    caseOf('3.3', 'RSV 3 behind a good message', [hello, { ...hello, reserved: 3 }, { opcode: ping }], WRONG),
    caseOf('3.4', 'RSV 4 byte by byte', [hello, { ...hello, reserved: 4 }, { opcode: ping }], { ...WRONG, piece: 1 }),
    caseOf('3.5', 'RSV 5 of bytes', [{ opcode: binary, payload: Buffer.alloc(8), reserved: 5 }, GOODBYE], WRONG),
    caseOf('3.6', 'RSV 6 of a ping', [{ opcode: ping, payload: 'x', reserved: 6 }, GOODBYE], WRONG),
    caseOf('3.7', 'RSV 7 of a close', [{ ...GOODBYE, reserved: 7 }], WRONG),
  ];
}

/** 4: opcodes that mean nothing. */
export function opcodes(): WebSocketCase[] {
  const hello = { opcode: text, payload: 'Hello, world!' };
  return [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode, index) => {
    const id = `4.${opcode < 8 ? 1 : 2}.${(index % 5) + 1}`;
    return [
      caseOf(id, `opcode ${opcode}`, [{ opcode }, GOODBYE], WRONG),
      caseOf(`${id}b`, `opcode ${opcode} behind a message`, [hello, { opcode, payload: 'x' }, { opcode: ping }], WRONG),
    ];
  });
}
