import { COLON, NINE, ZERO } from '../http1/characters.ts';
import type { IpAddress } from './ip-address.ts';

const OPEN = 91;
const CLOSE = 93;
const DOT = 46;

/**
 * Reads an element of X-Forwarded-For: an address of either family, with or without a port, IPv6 in brackets or bare (a
 * port needs brackets then). Returns the port, 0 for none; -1 when it is no address, such as `unknown`.
 */
export function parseNode(memory: Uint8Array, start: number, end: number, into: IpAddress): number {
  if (memory[start] === OPEN) {
    let close = start + 1;
    while (close < end && memory[close] !== CLOSE) close++;
    if (close === end || !into.parse(memory, start + 1, close)) return -1;
    if (close + 1 === end) return 0;
    return memory[close + 1] === COLON ? portOf(memory, close + 2, end) : -1;
  }
  // One colon, behind dots, parts an IPv4 address from its port; IPv6 has two or more, before any dot.
  let colon = start;
  let dots = 0;
  while (colon < end && memory[colon] !== COLON) {
    if (memory[colon] === DOT) dots++;
    colon++;
  }
  if (colon === end || dots === 0) return into.parse(memory, start, end) ? 0 : -1;
  return into.parse(memory, start, colon) ? portOf(memory, colon + 1, end) : -1;
}

/** 0 … 65535; -1 for anything else. */
function portOf(memory: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 5) return -1;
  let port = 0;
  for (let at = start; at < end; at++) {
    if (memory[at]! < ZERO || memory[at]! > NINE) return -1;
    port = port * 10 + memory[at]! - ZERO;
  }
  return port <= 0xffff ? port : -1;
}
