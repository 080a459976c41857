import { hashBytes, hashText, mixed } from '@evenkeel/model/hashing/murmur3.ts';
import type { HashKey, PlannedHash } from '@evenkeel/model/plan/balancing.ts';
import { Field } from '../http1/field-names.ts';
import { equalsIgnoringCase } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { findCookie, type ValueSpan } from '../stickiness/cookies.ts';
import { askedName } from '../tls/asked-name.ts';

/** Of all hashes of keys: equal on every node. */
const SEED = 0x6b3a_51d7;

const QUESTION = 63;

const span: ValueSpan = { start: 0, end: 0 };

/** Reads what the algorithm `hash` chooses a target by. One per service and worker. */
export class RequestHash {
  readonly #key: HashKey;
  readonly #name: string;
  readonly #cookie: Uint8Array;
  #without = 0;

  constructor({ key, name }: PlannedHash) {
    this.#key = key;
    this.#name = name;
    this.#cookie = Uint8Array.from(name, (character) => character.charCodeAt(0));
  }

  /**
   * The number for a request, as the client sent it: the same for the same key on every node. Requests without the key
   * are spread over all targets.
   */
  read(memory: Uint8Array, head: RequestHead): number {
    if (this.#key === 'host') return this.#readHost(memory, head);
    if (this.#find(memory, head)) return hashBytes(memory, span.start, span.end, SEED);
    return mixed(this.#without++);
  }

  #find(memory: Uint8Array, head: RequestHead): boolean {
    const { fields, pathStart, targetEnd } = head;
    switch (this.#key) {
      case 'uri':
        span.start = pathStart;
        span.end = targetEnd;
        return true;
      case 'path':
        span.start = pathStart;
        span.end = queryAt(memory, pathStart, targetEnd);
        return true;
      case 'query':
        span.start = queryAt(memory, pathStart, targetEnd) + 1;
        span.end = targetEnd;
        return span.start < span.end;
      case 'host':
        return false;
      case 'header':
        for (let i = 0; i < fields.count; i++) {
          if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), this.#name)) continue;
          span.start = fields.valueStart(i);
          span.end = fields.valueEnd(i);
          return true;
        }
        return false;
      case 'cookie':
        return this.#findCookie(memory, head);
    }
  }

  /** Hosts are the same however they are written. */
  #readHost(memory: Uint8Array, { host, fields }: RequestHead): number {
    if (host < 0) return mixed(this.#without++);
    return hashText(askedName(memory, fields.valueStart(host), fields.valueEnd(host)), SEED);
  }

  /** An empty cookie names nobody. */
  #findCookie(memory: Uint8Array, { fields }: RequestHead): boolean {
    if ((fields.known & (1 << Field.cookie)) === 0) return false;
    for (let i = fields.first[Field.cookie]!; i < fields.count; i++) {
      if (fields.code(i) !== Field.cookie) continue;
      const found = findCookie(memory, fields.valueStart(i), fields.valueEnd(i), this.#cookie, span);
      if (found >= 0 && span.start < span.end) return true;
    }
    return false;
  }
}

/** Where the query begins, at its `?`; `end` when there is none. */
function queryAt(memory: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && memory[at] !== QUESTION) at++;
  return at;
}
