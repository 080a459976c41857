import type { WebSocketCase } from './cases/case.ts';
import { closing } from './cases/closing.ts';
import { compression } from './cases/compression.ts';
import { opcodes, pings, reservedBits } from './cases/control-frames.ts';
import { fragments } from './cases/fragments.ts';
import { framing } from './cases/framing.ts';
import { limits } from './cases/limits.ts';
import { texts } from './cases/texts.ts';

/**
 * The cases of the Autobahn test suite, under its numbers: framing (1), pings (2), reserved bits (3), opcodes (4),
 * fragments (5), UTF-8 (6), closing (7), limits (9), fragments of odd size (10), compression (12) and its parameters
 * (13). A letter behind a number is one more of that kind. Of the thousand messages that 12 and 13 send, there are four.
 */
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
    ...compression(),
  ];
}

/** How many cases the suite has in each of its chapters: 517 in all. */
export const CHAPTERS: Readonly<Record<string, number>> = {
  '1.1': 8,
  '1.2': 8,
  '2': 11,
  '3': 7,
  '4.1': 5,
  '4.2': 5,
  '5': 20,
  '6.1': 3,
  '6.2': 4,
  '6.3': 2,
  '6.4': 4,
  '6.5': 5,
  '6.6': 11,
  '6.7': 4,
  '6.8': 2,
  '6.9': 4,
  '6.10': 3,
  '6.11': 5,
  '6.12': 8,
  '6.13': 5,
  '6.14': 10,
  '6.15': 1,
  '6.16': 3,
  '6.17': 5,
  '6.18': 5,
  '6.19': 5,
  '6.20': 7,
  '6.21': 8,
  '6.22': 34,
  '6.23': 7,
  '7.1': 6,
  '7.3': 6,
  '7.5': 1,
  '7.7': 13,
  '7.9': 9,
  '7.13': 2,
  '9.1': 6,
  '9.2': 6,
  '9.3': 9,
  '9.4': 9,
  '9.5': 6,
  '9.6': 6,
  '9.7': 6,
  '9.8': 6,
  '10.1': 1,
  '12.1': 18,
  '12.2': 18,
  '12.3': 18,
  '12.4': 18,
  '12.5': 18,
  '13.1': 18,
  '13.2': 18,
  '13.3': 18,
  '13.4': 18,
  '13.5': 18,
  '13.6': 18,
  '13.7': 18,
};
