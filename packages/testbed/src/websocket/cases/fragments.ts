import { Opcode } from '../frame.ts';
import { caseOf, GOODBYE, type WebSocketCase, WRONG } from './case.ts';

const { continuation, text, ping, pong } = Opcode;

/** 5: messages in fragments, and what may stand between them. */
export function fragments(): WebSocketCase[] {
  const first = { opcode: text, payload: 'fragment1', fin: false };
  const middle = { opcode: continuation, payload: 'fragment2', fin: false };
  const last = { opcode: continuation, payload: 'fragment3' };
  const between = { opcode: ping, payload: 'between' };
  return [
    caseOf('5.1', 'a ping in fragments', [{ ...between, fin: false }, last], WRONG),
    caseOf('5.2', 'a pong in fragments', [{ opcode: pong, payload: 'x', fin: false }, last], WRONG),
    caseOf('5.3', 'text in two fragments', [first, last, GOODBYE]),
    caseOf('5.4', 'the same in pieces', [first, last, GOODBYE], { piece: 2 }),
    caseOf('5.5', 'the same byte by byte', [first, last, GOODBYE], { piece: 1 }),
    caseOf('5.6', 'a ping between', [first, between, last, GOODBYE]),
    caseOf('5.7', 'a ping between, in pieces', [first, between, last, GOODBYE], { piece: 3 }),
    caseOf('5.8', 'a ping between, byte by byte', [first, between, last, GOODBYE], { piece: 1 }),
    caseOf('5.9', 'a continuation of nothing, final', [last, first, last], WRONG),
    caseOf('5.10', 'the same with a message behind', [last, { opcode: text, payload: 'Hello' }, GOODBYE], WRONG),
    caseOf('5.11', 'the same byte by byte', [last, GOODBYE], { ...WRONG, piece: 1 }),
    caseOf('5.12', 'a continuation of nothing, not final', [middle, first], WRONG),
    caseOf('5.13', 'the same in pieces', [middle, GOODBYE], { ...WRONG, piece: 4 }),
    caseOf('5.14', 'the same byte by byte', [middle, GOODBYE], { ...WRONG, piece: 1 }),
    caseOf(
      '5.15',
      'a continuation behind a whole message',
      [first, last, middle, { opcode: text, payload: 'x' }],
      WRONG,
    ),
    caseOf('5.16', 'continuations without a beginning', [middle, first, last, middle, first, last], WRONG),
    caseOf('5.17', 'final continuations without a beginning', [last, first, last], WRONG),
    caseOf('5.18', 'a message within a message', [first, { opcode: text, payload: 'again' }], WRONG),
    caseOf('5.19', 'five fragments, two pings', [first, middle, between, middle, middle, between, last, GOODBYE]),
    caseOf('5.20', 'the same in pieces', [first, middle, between, middle, middle, between, last, GOODBYE], {
      piece: 5,
    }),
  ];
}
