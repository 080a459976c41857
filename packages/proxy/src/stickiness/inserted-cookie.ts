import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import { Field } from '../http1/field-names.ts';
import type { FieldNote, FieldTable } from '../http1/fields.ts';
import { findCookie, type ValueSpan } from './cookies.ts';
import { TOKEN_LENGTH, TokenSealer } from './token.ts';
import type { TokenCache } from './token-cache.ts';

export type PlannedCookie = Extract<PlannedStickiness, { readonly type: 'cookie' }>;

/** Cookies are refreshed when this share of their life has passed, and one token serves all that are issued meanwhile. */
const REFRESHES = 16;

/** How far ahead the clock of another node may be, in seconds. */
const MAX_SKEW = 300;

/** Lines that are kept; more targets than that cost cryptography again. */
const MAX_LINES = 1_024;

const COOKIE_BIT = 1 << Field.cookie;

/** What the Cookie fields of a table that is kept have said. */
class CookieNote implements FieldNote {
  readonly owner: number;
  readonly target: number;
  readonly time: number;
  readonly old: boolean;

  constructor(owner: number, target: number, time: number, old: boolean) {
    this.owner = owner;
    this.target = target;
    this.time = time;
    this.old = old;
  }
}

interface Line {
  readonly time: number;
  readonly text: string;
}

/** The load balancer's own cookie for one service, on one worker. */
export class InsertedCookie {
  readonly name: Uint8Array;
  /** What the last `read` has found: the number of the client's target, or -1, … */
  target = -1;
  /** … when its cookie was issued, in seconds since 1970, … */
  time = 0;
  /** … and whether with a key that issues no more. */
  old = false;
  readonly #cache: TokenCache;
  readonly #owner: number;
  readonly #sealer: TokenSealer;
  /** Both in seconds; 0: the cookie lives as long as the browser, and its token says no time. */
  readonly #expiry: number;
  readonly #step: number;
  readonly #attributes: string;
  /** By number of the target: what was issued last. */
  readonly #lines = new Map<number, Line>();
  readonly #span: ValueSpan = { start: 0, end: 0 };

  constructor(serviceId: string, planned: PlannedCookie, cache: TokenCache) {
    const { cookieName, expiry, key, oldKeys } = planned;
    this.name = Buffer.from(cookieName, 'latin1');
    this.#cache = cache;
    this.#owner = cache.newOwner();
    this.#sealer = new TokenSealer(serviceId, key, oldKeys);
    this.#expiry = Math.ceil(expiry / 1_000);
    this.#step = Math.max(1, Math.floor(this.#expiry / REFRESHES));
    const life = this.#expiry === 0 ? '' : `Max-Age=${this.#expiry}; `;
    this.#attributes = `; ${life}Path=/; HttpOnly; SameSite=Lax`;
  }

  /** Forgets what was read before. */
  clear(): void {
    this.target = -1;
  }

  /**
   * Reads the Cookie fields of a request. Several are as good as one: a proxy in front that speaks HTTP/2 may split them.
   * Fields that are kept are read once, and again when the cookie that they say has become too old.
   */
  readFields(memory: Uint8Array, fields: FieldTable, wallTime: number): void {
    this.clear();
    if ((fields.known & COOKIE_BIT) === 0) return;
    const note = fields.cookieNote;
    if (note instanceof CookieNote && note.owner === this.#owner && this.#holds(note, wallTime)) {
      this.target = note.target;
      this.time = note.time;
      this.old = note.old;
      return;
    }
    for (let i = fields.first[Field.cookie]!; i < fields.count && this.target < 0; i++) {
      if (fields.code(i) === Field.cookie) this.read(memory, fields.valueStart(i), fields.valueEnd(i), wallTime);
    }
    if (fields.isKept) fields.cookieNote = new CookieNote(this.#owner, this.target, this.time, this.old);
  }

  #holds(note: CookieNote, wallTime: number): boolean {
    return note.target < 0 || this.isValid(note.time, wallTime);
  }

  /**
   * Reads a Cookie field's value memory[start, end). Cookies that were forged, are of another service or key, or too old
   * count as none; of several with the name, the first good one counts. `wallTime` in milliseconds.
   */
  read(memory: Uint8Array, start: number, end: number, wallTime: number): void {
    const span = this.#span;
    for (let at = start; at >= 0 && this.target < 0; ) {
      at = findCookie(memory, at, end, this.name, span);
      if (at >= 0 && span.end - span.start === TOKEN_LENGTH) this.#open(memory, span.start, wallTime);
    }
  }

  /** The Set-Cookie line that sends a client to this target from now on. */
  line(target: number, wallTime: number, secure: boolean): string {
    const time = this.#expiry === 0 ? 0 : this.#stepOf(wallTime);
    const kept = this.#lines.get(target);
    if (kept !== undefined && kept.time === time) return secure ? secured(kept.text) : kept.text;
    const token = this.#sealer.seal({ target, time });
    const text = `Set-Cookie: ${Buffer.from(this.name).toString('latin1')}=${token}${this.#attributes}\r\n`;
    if (this.#lines.size === MAX_LINES) this.#lines.clear();
    this.#lines.set(target, { time, text });
    return secure ? secured(text) : text;
  }

  /** Whether a cookie that was issued at `time` still counts. */
  isValid(time: number, wallTime: number): boolean {
    if (this.#expiry === 0) return true;
    const age = wallTime / 1_000 - time;
    // Its time is that of its step's beginning.
    return age < this.#expiry + this.#step && age >= -MAX_SKEW;
  }

  /** Whether it is to be issued again, although the client is where it belongs. */
  isDue(time: number, wallTime: number): boolean {
    return this.#expiry === 0 ? time !== 0 : time < this.#stepOf(wallTime);
  }

  #open(memory: Uint8Array, start: number, wallTime: number): void {
    const cache = this.#cache;
    let place = cache.find(this.#owner, memory, start);
    if (place < 0) {
      const content = this.#sealer.open(memory, start);
      const { target, time, old } = content ?? { target: -1, time: 0, old: false };
      place = cache.add(this.#owner, memory, start, target, time, old);
    }
    const time = cache.time(place);
    if (cache.target(place) < 0 || !this.isValid(time, wallTime)) return;
    this.target = cache.target(place);
    this.time = time;
    this.old = cache.old(place);
  }

  /** The beginning of the present step, in seconds since 1970. */
  #stepOf(wallTime: number): number {
    const seconds = Math.floor(wallTime / 1_000);
    return seconds - (seconds % this.#step);
  }
}

function secured(line: string): string {
  return `${line.slice(0, -2)}; Secure\r\n`;
}
