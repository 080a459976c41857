import { closePayload, type FrameOptions, frame, Opcode } from './frame.ts';
import { INVALID_TEXTS, VALID_TEXTS } from './texts.ts';

/** One conversation: what a client sends, and how the server ends it. */
export interface WebSocketCase {
  /** Numbered after the chapters of the usual conformance suite. */
  readonly id: string;
  readonly name: string;
  readonly bytes: Buffer;
  /** Bytes that are sent at once; 0: all. */
  readonly piece: number;
  /** Status code of the server's close frame; null: a close frame without one. */
  readonly closes: number | null;
}

const { continuation, text, binary, close, ping, pong } = Opcode;

const GOODBYE: FrameOptions = { opcode: close, payload: closePayload(1000) };

/** All cases: framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, limits. */
export function webSocketCases(): WebSocketCase[] {
  return [
    ...framing(),
    ...pings(),
    ...reservedBits(),
    ...opcodes(),
    ...fragments(),
    ...texts(),
    ...closing(),
    ...limits(),
  ];
}

interface CaseOptions {
  readonly closes?: number | null;
  readonly piece?: number;
}

function of(id: string, name: string, frames: readonly FrameOptions[], options: CaseOptions = {}): WebSocketCase {
  return {
    id,
    name,
    bytes: Buffer.concat(frames.map(frame)),
    piece: options.piece ?? 0,
    closes: options.closes === undefined ? 1000 : options.closes,
  };
}

const wrong = { closes: 1002 };

function framing(): WebSocketCase[] {
  const sizes = [0, 125, 126, 127, 128, 65_535, 65_536];
  return [text, binary].flatMap((opcode, kind) => [
    ...sizes.map((size, index) =>
      of(`1.${kind + 1}.${index + 1}`, `${size} bytes`, [{ opcode, payload: '*'.repeat(size) }, GOODBYE]),
    ),
    of(`1.${kind + 1}.8`, '65536 bytes in pieces', [{ opcode, payload: '*'.repeat(65_536) }, GOODBYE], { piece: 997 }),
  ]);
}

function pings(): WebSocketCase[] {
  const full = Buffer.alloc(125, 0xfe);
  const tens = Array.from({ length: 10 }, (_, index) => ({ opcode: ping, payload: `payload-${index}` }));
  return [
    of('2.1', 'a ping without payload', [{ opcode: ping }, GOODBYE]),
    of('2.2', 'a ping with text', [{ opcode: ping, payload: 'Hello, world!' }, GOODBYE]),
    of('2.3', 'a ping with bytes', [{ opcode: ping, payload: Uint8Array.of(0, 255, 254, 253, 0, 255) }, GOODBYE]),
    of('2.4', 'a ping with 125 bytes', [{ opcode: ping, payload: full }, GOODBYE]),
    of('2.5', 'a ping with 126 bytes', [{ opcode: ping, payload: Buffer.alloc(126, 0xfe) }, GOODBYE], wrong),
    of('2.6', 'a ping byte by byte', [{ opcode: ping, payload: full }, GOODBYE], { piece: 1 }),
    of('2.7', 'a pong that nobody asked for', [{ opcode: pong }, GOODBYE]),
    of('2.8', 'the same with a payload', [{ opcode: pong, payload: 'unsolicited' }, GOODBYE]),
    of('2.9', 'a pong, then a ping', [{ opcode: pong, payload: 'no' }, { opcode: ping, payload: 'yes' }, GOODBYE]),
    of('2.10', 'ten pings', [...tens, GOODBYE]),
    of('2.11', 'ten pings byte by byte', [...tens, GOODBYE], { piece: 1 }),
  ];
}

function reservedBits(): WebSocketCase[] {
  const hello = { opcode: text, payload: 'Hello, world!' };
  return [
    of('3.1', 'RSV 1 of a message', [{ ...hello, reserved: 1 }, GOODBYE], wrong),
    of('3.2', 'RSV 2 behind a good message', [hello, { ...hello, reserved: 2 }, { opcode: ping }], wrong),
    of('3.3', 'RSV 3 behind a good message', [hello, { ...hello, reserved: 3 }, { opcode: ping }], wrong),
    of('3.4', 'RSV 4 byte by byte', [hello, { ...hello, reserved: 4 }, { opcode: ping }], { ...wrong, piece: 1 }),
    of('3.5', 'RSV 5 of bytes', [{ opcode: binary, payload: Buffer.alloc(8), reserved: 5 }, GOODBYE], wrong),
    of('3.6', 'RSV 6 of a ping', [{ opcode: ping, payload: 'x', reserved: 6 }, GOODBYE], wrong),
    of('3.7', 'RSV 7 of a close', [{ ...GOODBYE, reserved: 7 }], wrong),
  ];
}

function opcodes(): WebSocketCase[] {
  const hello = { opcode: text, payload: 'Hello, world!' };
  return [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode, index) => {
    const id = `4.${opcode < 8 ? 1 : 2}.${(index % 5) + 1}`;
    return [
      of(id, `opcode ${opcode}`, [{ opcode }, GOODBYE], wrong),
      of(`${id}b`, `opcode ${opcode} behind a message`, [hello, { opcode, payload: 'x' }, { opcode: ping }], wrong),
    ];
  });
}

function fragments(): WebSocketCase[] {
  const first = { opcode: text, payload: 'fragment1', fin: false };
  const middle = { opcode: continuation, payload: 'fragment2', fin: false };
  const last = { opcode: continuation, payload: 'fragment3' };
  const between = { opcode: ping, payload: 'between' };
  return [
    of('5.1', 'a ping in fragments', [{ ...between, fin: false }, last], wrong),
    of('5.2', 'a pong in fragments', [{ opcode: pong, payload: 'x', fin: false }, last], wrong),
    of('5.3', 'text in two fragments', [first, last, GOODBYE]),
    of('5.4', 'the same in pieces', [first, last, GOODBYE], { piece: 2 }),
    of('5.5', 'the same byte by byte', [first, last, GOODBYE], { piece: 1 }),
    of('5.6', 'a ping between', [first, between, last, GOODBYE]),
    of('5.7', 'a ping between, in pieces', [first, between, last, GOODBYE], { piece: 3 }),
    of('5.8', 'a ping between, byte by byte', [first, between, last, GOODBYE], { piece: 1 }),
    of('5.9', 'a continuation of nothing, final', [last, first, last], wrong),
    of('5.10', 'the same with a message behind', [last, { opcode: text, payload: 'Hello' }, GOODBYE], wrong),
    of('5.11', 'the same byte by byte', [last, GOODBYE], { ...wrong, piece: 1 }),
    of('5.12', 'a continuation of nothing, not final', [middle, first], wrong),
    of('5.13', 'the same in pieces', [middle, GOODBYE], { ...wrong, piece: 4 }),
    of('5.14', 'the same byte by byte', [middle, GOODBYE], { ...wrong, piece: 1 }),
    of('5.15', 'a continuation behind a whole message', [first, last, middle, { opcode: text, payload: 'x' }], wrong),
    of('5.16', 'continuations without a beginning', [middle, first, last, middle, first, last], wrong),
    of('5.17', 'final continuations without a beginning', [last, first, last], wrong),
    of('5.18', 'a message within a message', [first, { opcode: text, payload: 'again' }], wrong),
    of('5.19', 'five fragments, two pings', [first, middle, between, middle, middle, between, last, GOODBYE]),
    of('5.20', 'the same in pieces', [first, middle, between, middle, middle, between, last, GOODBYE], { piece: 5 }),
  ];
}

function texts(): WebSocketCase[] {
  const euro = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
  const halves = [
    { opcode: text, payload: euro.subarray(0, 7), fin: false },
    { opcode: continuation, payload: euro.subarray(7) },
  ];
  const single = Array.from(euro, (byte, index) => ({
    opcode: index === 0 ? text : continuation,
    payload: Uint8Array.of(byte),
    fin: index === euro.length - 1,
  }));
  return [
    of('6.1.1', 'empty text', [{ opcode: text }, GOODBYE]),
    of('6.1.2', 'three empty fragments', [
      { opcode: text, fin: false },
      { opcode: continuation, fin: false },
      { opcode: continuation },
      GOODBYE,
    ]),
    of('6.1.3', 'text between empty fragments', [
      { opcode: text, fin: false },
      { opcode: continuation, payload: 'middle', fin: false },
      { opcode: continuation },
      GOODBYE,
    ]),
    of('6.2.1', 'letters of several bytes', [{ opcode: text, payload: euro }, GOODBYE]),
    of('6.2.2', 'a letter in two fragments', [...halves, GOODBYE]),
    of('6.2.3', 'a fragment for each byte', [...single, GOODBYE]),
    of('6.2.4', 'the same byte by byte', [...single, GOODBYE], { piece: 1 }),
    ...VALID_TEXTS.map((bytes, index) =>
      of(`6.5.${index + 1}`, `right: ${bytes.toString('hex')}`, [{ opcode: text, payload: bytes }, GOODBYE]),
    ),
    ...INVALID_TEXTS.flatMap((bytes, index) => {
      const name = `wrong: ${bytes.toString('hex')}`;
      const payload = Buffer.concat([Buffer.from('before '), bytes]);
      return [
        of(`6.3.${index + 1}`, name, [{ opcode: text, payload }, GOODBYE], { closes: 1007 }),
        of(`6.4.${index + 1}`, `${name}, byte by byte`, [{ opcode: text, payload }, GOODBYE], {
          closes: 1007,
          piece: 1,
        }),
      ];
    }),
  ];
}

function closing(): WebSocketCase[] {
  const bye = (payload: Uint8Array): FrameOptions[] => [{ opcode: close, payload }];
  const hello = { opcode: text, payload: 'Hello, world!' };
  const good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
  const bad = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535];
  return [
    of('7.1.1', 'a message, then goodbye', [hello, GOODBYE]),
    of('7.1.2', 'goodbye twice', [GOODBYE, GOODBYE]),
    of('7.1.3', 'a ping behind goodbye', [GOODBYE, { opcode: ping }]),
    of('7.1.4', 'a message behind goodbye', [GOODBYE, hello]),
    of('7.1.5', 'goodbye within a message', [{ ...hello, fin: false }, GOODBYE, { opcode: continuation }]),
    of('7.1.6', 'a large message, goodbye, a ping', [
      { opcode: text, payload: '*'.repeat(256 * 1024) },
      GOODBYE,
      { opcode: ping },
    ]),
    of('7.3.1', 'goodbye without a code', [{ opcode: close }], { closes: null }),
    of('7.3.2', 'half a code', bye(Uint8Array.of(3)), wrong),
    of('7.3.3', 'a code alone', bye(closePayload(1000))),
    of('7.3.4', 'a code and why', bye(closePayload(1000, 'Hello, world!'))),
    of('7.3.5', 'the longest reason', bye(closePayload(1000, '*'.repeat(123)))),
    of('7.3.6', 'a reason that is too long', bye(closePayload(1000, '*'.repeat(124))), wrong),
    of('7.5.1', 'a reason that is not UTF-8', bye(closePayload(1000, Uint8Array.of(0xce, 0xba, 0xed, 0xa0, 0x80))), {
      closes: 1007,
    }),
    ...good.map((code, index) =>
      of(`7.7.${index + 1}`, `code ${code}`, bye(closePayload(code, 'why')), { closes: code }),
    ),
    ...bad.map((code, index) => of(`7.9.${index + 1}`, `code ${code}`, bye(closePayload(code)), wrong)),
    of('7.13.1', 'a mask is missing', [{ ...hello, mask: null }], wrong),
  ];
}

function limits(): WebSocketCase[] {
  const KIB = 1024;
  const sizes = [64 * KIB, 256 * KIB, 1024 * KIB, 4096 * KIB];
  const inFragments = (opcode: number, size: number, each: number): FrameOptions[] =>
    Array.from({ length: size / each }, (_, index) => ({
      opcode: index === 0 ? opcode : continuation,
      payload: Buffer.alloc(each, 0x2a),
      fin: (index + 1) * each === size,
    }));
  return [text, binary].flatMap((opcode, kind) => [
    ...sizes.map((size, index) =>
      of(`9.${kind + 1}.${index + 1}`, `${size} bytes`, [{ opcode, payload: Buffer.alloc(size, 0x2a) }, GOODBYE]),
    ),
    of(`9.${kind + 3}.1`, '64 KiB in fragments of 64', [...inFragments(opcode, 64 * KIB, 64), GOODBYE]),
    of(`9.${kind + 3}.2`, '1 MiB in fragments of 4096', [...inFragments(opcode, 1024 * KIB, 4096), GOODBYE]),
    of(`9.${kind + 5}.1`, '256 KiB in pieces of 1024', [{ opcode, payload: Buffer.alloc(256 * KIB, 0x2a) }, GOODBYE], {
      piece: 1024,
    }),
    of(`9.${kind + 7}.1`, 'a thousand messages of 16 bytes', [
      ...Array.from({ length: 1000 }, () => ({ opcode, payload: Buffer.alloc(16, 0x2a) })),
      GOODBYE,
    ]),
    of(
      `10.${kind + 1}.1`,
      '65536 bytes in fragments of 1300',
      [
        ...inFragments(opcode, 65_000, 1300).map((each) => ({ ...each, fin: false })),
        { opcode: continuation, payload: Buffer.alloc(536, 0x2a) },
        GOODBYE,
      ],
      { piece: 1301 },
    ),
  ]);
}
