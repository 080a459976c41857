import { closePayload, type FrameOptions, Opcode } from '../frame.ts';
import { caseOf, GOODBYE, type WebSocketCase, WRONG } from './case.ts';

const { continuation, text, close, ping } = Opcode;

/** 7: how connections end. */
export function closing(): WebSocketCase[] {
  const bye = (payload: Uint8Array): FrameOptions[] => [{ opcode: close, payload }];
  const hello = { opcode: text, payload: 'Hello, world!' };
  const good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
  const bad = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
  return [
    caseOf('7.1.1', 'a message, then goodbye', [hello, GOODBYE]),
    caseOf('7.1.2', 'goodbye twice', [GOODBYE, GOODBYE]),
    caseOf('7.1.3', 'a ping behind goodbye', [GOODBYE, { opcode: ping }]),
    caseOf('7.1.4', 'a message behind goodbye', [GOODBYE, hello]),
    caseOf('7.1.5', 'goodbye within a message', [{ ...hello, fin: false }, GOODBYE, { opcode: continuation }]),
    caseOf('7.1.6', 'a large message, goodbye, a ping', [
      { opcode: text, payload: '*'.repeat(256 * 1024) },
      GOODBYE,
      { opcode: ping },
    ]),
    caseOf('7.3.1', 'goodbye without a code', [{ opcode: close }], { closes: null }),
    caseOf('7.3.2', 'half a code', bye(Uint8Array.of(3)), WRONG),
    caseOf('7.3.3', 'a code alone', bye(closePayload(1000))),
    caseOf('7.3.4', 'a code and why', bye(closePayload(1000, 'Hello, world!'))),
    caseOf('7.3.5', 'the longest reason', bye(closePayload(1000, '*'.repeat(123)))),
    caseOf('7.3.6', 'a reason that is too long', bye(closePayload(1000, '*'.repeat(124))), WRONG),
    caseOf(
      '7.5.1',
      'a reason that is not UTF-8',
      bye(closePayload(1000, Uint8Array.of(0xce, 0xba, 0xed, 0xa0, 0x80))),
      {
        closes: 1007,
      },
    ),
    ...good.map((code, index) =>
      caseOf(`7.7.${index + 1}`, `code ${code}`, bye(closePayload(code, 'why')), { closes: code }),
    ),
    ...bad.map((code, index) => caseOf(`7.9.${index + 1}`, `code ${code}`, bye(closePayload(code)), WRONG)),
    caseOf('7.13.1', 'code 5000', bye(closePayload(5000)), WRONG),
    caseOf('7.13.2', 'code 65535', bye(closePayload(65_535)), WRONG),
    // Of RFC 6455 section 5.1, and of no number in the suite.
    caseOf('7.13.2b', 'a mask is missing', [{ ...hello, mask: null }], WRONG),
  ];
}
