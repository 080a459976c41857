import { NINE, ZERO } from '../../http1/characters.ts';

const PERCENT = 37;
const DOT = 46;
const COLON = 58;
const OPEN = 91;
const CLOSE = 93;

/**
 * The name in a Host field, as rules compare it: without port and without the dot that may end a full name. The field's
 * bytes have been checked (RFC 9112 section 3.2); what is not `name`, `name:digits` or `[address]:digits` is refused
 * here, as two servers could understand two names. So is a name with a percent sign: some take `a%2Eb` for `a.b`.
 */
export class HostName {
  start = 0;
  end = 0;
  /** Where the field's value ends: memory[end, fieldEnd) is the final dot and the port, with its colon. */
  fieldEnd = 0;
  /** Where the port's digits begin; `fieldEnd` when there are none. */
  portStart = 0;

  /** Reads the value memory[start, end); false: it is refused. */
  read(memory: Uint8Array, start: number, end: number): boolean {
    let at = start;
    if (at < end && memory[at] === OPEN) {
      while (at < end && memory[at] !== CLOSE) at++;
      if (at === end) return false;
      at++;
    } else {
      for (; at < end; at++) {
        const byte = memory[at];
        if (byte === COLON || byte === OPEN || byte === CLOSE || byte === PERCENT) break;
      }
    }
    const nameEnd = at;
    this.start = start;
    this.fieldEnd = end;
    this.portStart = end;
    if (at < end) {
      if (memory[at] !== COLON) return false;
      this.portStart = at + 1;
      for (at++; at < end; at++) if (memory[at]! < ZERO || memory[at]! > NINE) return false;
    }
    this.end = nameEnd > start + 1 && memory[nameEnd - 1] === DOT ? nameEnd - 1 : nameEnd;
    return true;
  }

  /** A request without a Host field (HTTP/1.0). */
  clear(): void {
    this.start = this.end = this.fieldEnd = this.portStart = 0;
  }
}
