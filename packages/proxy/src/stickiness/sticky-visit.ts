import { hashBytes } from '@evenkeel/model/hashing/murmur3.ts';
import { Field } from '../http1/field-names.ts';
import type { FieldTable } from '../http1/fields.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Service } from '../upstream/service.ts';
import type { WorkerContext } from '../worker/context.ts';
import { findCookie, readSetCookie, type ValueSpan } from './cookies.ts';
import { InsertedCookie } from './inserted-cookie.ts';
import type { RememberedClients } from './remembered-clients.ts';
import type { Means, StickyService } from './sticky-service.ts';

const COOKIE_BIT = 1 << Field.cookie;
const SET_COOKIE_BIT = 1 << Field.setCookie;

/** Of the hash that chooses a target for a cookie whose target is not known: equal on every node. */
const SEED = 0x5e55_10c0;

const span: ValueSpan = { start: 0, end: 0 };

/** What of a worker it takes to know where a client belongs. */
export type VisitedPlace = Pick<WorkerContext, 'memory'> & { readonly reactor: Pick<Reactor, 'wallTime'> };

/**
 * One request, or one connection of a TCP listener, to a service that keeps its clients: where the client belongs, and
 * what is to be told to it.
 */
export class StickyVisit {
  readonly #worker: VisitedPlace;
  /** What the rest was read by; it means nothing to a service with other means. */
  #means: Means | null = null;
  /** Number of the target that the client belongs to; -1: none. */
  #belongs = -1;
  /** When the cookie that says so was issued, and whether with an old key. */
  #time = 0;
  #old = false;
  /** What the client is known by; 0: nothing. */
  #key = 0;
  /** What chooses a target for a client with a key that is not known. */
  #hash = 0;

  constructor(worker: VisitedPlace) {
    this.#worker = worker;
  }

  /** Number of the target that the client belongs to; -1: none. */
  get belongsTo(): number {
    return this.#belongs;
  }

  /** The client is known by something that chooses a target for it, wherever it belongs. */
  get hasKey(): boolean {
    return this.#key !== 0;
  }

  /** A request with these fields begins. */
  readRequest({ means }: StickyService, fields: FieldTable, address: string): void {
    this.#begin(means);
    if (means instanceof InsertedCookie) this.#readOwnCookie(means, fields);
    else if (means.cookieName === null) this.#readAddress(means, address);
    else this.#readTheirCookie(means, means.cookieName, fields);
  }

  /** A connection begins of which nothing is known but the address. Services that go by cookies do not know it. */
  readConnection({ means }: StickyService, address: string): void {
    this.#begin(means);
    if (!(means instanceof InsertedCookie) && means.cookieName === null) this.#readAddress(means, address);
  }

  /**
   * Index of the target: the one that the client belongs to, if that takes it; else one by the client's key, which is
   * the same on every node, or by the service's algorithm when there is no key. -1 as for `Service.pick`.
   */
  pick(service: Service, sticky: StickyService, clientHash: number, tried: number, triedBefore: number): number {
    const { means } = sticky;
    if (means !== this.#means) return service.pick(clientHash, tried, triedBefore);
    const kept = tried < 0 && this.#belongs >= 0 ? sticky.keeper(this.#belongs) : -1;
    if (this.#key === 0) return kept >= 0 ? kept : service.pick(clientHash, tried, triedBefore);
    const byAddress = !(means instanceof InsertedCookie) && means.cookieName === null;
    const hash = byAddress ? clientHash : this.#hash;
    const index = kept >= 0 ? kept : service.pickByHash(hash, tried, triedBefore);
    this.touch(sticky, index);
    return index;
  }

  /** The client has just been with the target of this index. */
  touch(sticky: StickyService, index: number): void {
    const { means } = sticky;
    if (index < 0 || this.#key === 0 || means !== this.#means || means instanceof InsertedCookie) return;
    means.remember(this.#key, sticky.number(index), this.#worker.reactor.wallTime);
  }

  /**
   * The target with this index answers with these fields. Returns a line for the client, when its cookie is new or to be
   * renewed; else null.
   */
  readResponse(sticky: StickyService, index: number, fields: FieldTable, secure: boolean): string | null {
    const { means } = sticky;
    const number = sticky.number(index);
    if (means instanceof InsertedCookie) {
      const { wallTime } = this.#worker.reactor;
      const known = means === this.#means && number === this.#belongs && !this.#old;
      return known && !means.isDue(this.#time, wallTime) ? null : means.line(number, wallTime, secure);
    }
    if (means.cookieName !== null && (fields.known & SET_COOKIE_BIT) !== 0) {
      this.#learn(means, means.cookieName, number, fields);
    }
    return null;
  }

  /** A request begins that no such service has been asked about. */
  forget(): void {
    this.#means = null;
  }

  #begin(means: Means): void {
    this.#means = means;
    this.#belongs = -1;
    this.#key = 0;
  }

  #readAddress(means: RememberedClients, address: string): void {
    this.#key = means.table.keyOfText(address);
    this.#belongs = means.find(this.#key, this.#worker.reactor.wallTime);
  }

  #readOwnCookie(cookie: InsertedCookie, fields: FieldTable): void {
    const { memory, reactor } = this.#worker;
    cookie.readFields(memory, fields, reactor.wallTime);
    this.#belongs = cookie.target;
    this.#time = cookie.time;
    this.#old = cookie.old;
  }

  #readTheirCookie(means: RememberedClients, name: Uint8Array, fields: FieldTable): void {
    if ((fields.known & COOKIE_BIT) === 0) return;
    const { memory, reactor } = this.#worker;
    for (let i = fields.first[Field.cookie]!; i < fields.count; i++) {
      if (fields.code(i) !== Field.cookie) continue;
      const found = findCookie(memory, fields.valueStart(i), fields.valueEnd(i), name, span);
      if (found < 0 || span.start === span.end) continue;
      this.#key = means.table.keyOfBytes(memory, span.start, span.end);
      this.#hash = hashBytes(memory, span.start, span.end, SEED);
      this.#belongs = means.find(this.#key, reactor.wallTime);
      return;
    }
  }

  #learn(means: RememberedClients, name: Uint8Array, number: number, fields: FieldTable): void {
    const { memory, reactor } = this.#worker;
    for (let i = fields.first[Field.setCookie]!; i < fields.count; i++) {
      if (fields.code(i) !== Field.setCookie) continue;
      const found = readSetCookie(memory, fields.valueStart(i), fields.valueEnd(i), name, span);
      // An empty value takes the cookie away.
      if (!found || span.start === span.end) continue;
      means.remember(means.table.keyOfBytes(memory, span.start, span.end), number, reactor.wallTime);
    }
  }
}

// What an exchange calls, whether its service keeps clients or not.

/** Reads where the client of a request belongs; returns the visit to go on with. */
export function readVisit(
  visit: StickyVisit | null,
  worker: WorkerContext,
  service: Service | null,
  fields: FieldTable,
  address: string,
): StickyVisit | null {
  if (service === null || service.sticky === null) {
    visit?.forget();
    return visit;
  }
  const visiting = visit ?? new StickyVisit(worker);
  visiting.readRequest(service.sticky, fields, address);
  return visiting;
}

/** As `Service.pick`, for any service or none. */
export function pickSticky(
  service: Service | null,
  visit: StickyVisit | null,
  clientHash: number,
  tried: number,
  triedBefore: number,
): number {
  if (service === null) return -1;
  if (service.sticky === null || visit === null) return service.pick(clientHash, tried, triedBefore);
  return visit.pick(service, service.sticky, clientHash, tried, triedBefore);
}

/** The line that is due to the client with the response of the target with this index; null when there is none. */
export function stickyLine(
  service: Service | null,
  visit: StickyVisit | null,
  index: number,
  fields: FieldTable,
  secure: boolean,
): string | null {
  if (service === null || service.sticky === null || visit === null) return null;
  return visit.readResponse(service.sticky, index, fields, secure);
}
