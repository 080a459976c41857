import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SIGNATURE } from '@evenkeel/model/access-limits.ts';
import { componentsFor, type SignedParts, signatureBase } from '@evenkeel/model/signature-base.ts';
import { ProblemError } from '../problem.ts';
import type { State } from '../state/state.ts';
import { checkEnd, identityOf, type Proof, refuse, UNKNOWN } from './proof.ts';
import { type Bound, EVERY_KEY, SignatureBounds } from './signature-bounds.ts';

/**
 * Requests that are remembered, so that none is sent again: of one key, of one tenant, and of all. Beyond, signed requests
 * of that key, of that tenant, or of all are refused as `too-busy`.
 */
const REMEMBERED = { key: 50_000, tenant: 100_000, all: 300_000 } as const;

const INPUT =
  /^([a-z*][a-z0-9_*.-]{0,63})=(\(("[@a-z-]+"(?: "[@a-z-]+"){0,15})\)((?:;[a-z]+=(?:\d{1,15}|"[!#-[\]-~]{1,128}"))+))$/;
const PARAMETER = /;([a-z]+)=(?:(\d+)|"([^"]*)")/g;
const SENT = /^([a-z*][a-z0-9_*.-]{0,63})=:([A-Za-z0-9+/]{43}=):$/;

export interface SignedRequest extends SignedParts {
  /** Whether a body is announced. */
  readonly hasBody: boolean;
}

export interface Signed {
  readonly proof: Proof;
  /** SHA-256 that the body must have; null: there must be none. */
  readonly digest: Buffer | null;
  /**
   * Uses the signature up. Called once the request is counted in the rates, so that what is remembered is bounded by
   * them. Throws `unauthenticated` when it was used before, or `too-busy`. What it returns, if anything, is to be waited
   * for, and rejects when a write of that time cannot be taken, as that cannot be written down.
   */
  readonly use: () => Promise<void> | null;
}

interface Seen {
  /** Unix milliseconds after which it may be forgotten. */
  readonly until: number;
  readonly keyId: string;
  readonly tenantId: string;
  readonly writes: boolean;
}

/** What is known of signatures of writes, for whoever goes on with it. */
export interface Term {
  /** Unix milliseconds since which all that was used is known. */
  readonly began: number;
  /** Up to when signatures may have been used before that; absent in what an earlier version has left. */
  readonly before?: readonly Bound[];
  readonly used: readonly (readonly [name: string, until: number, keyId: string, tenantId: string])[];
}

/** Signatures that are handed over; where there are more, nothing is, as after a crash. */
const HANDED_OVER = 20_000;

/** Writes down how far signatures have got. */
type WriteBound = (bound: Bound) => Promise<void>;

/**
 * Checks signatures of requests by access keys (RFC 9421), and that each is used once. What was used is known to this
 * process; of what another one took before it, it is known how far that got: see signature-bounds.ts.
 */
export class Signatures {
  readonly #state: () => State;
  readonly #now: () => number;
  readonly #most: Readonly<Record<keyof typeof REMEMBERED, number>>;
  /** Unix milliseconds since which all writes come here. */
  #began = 0;
  /** Up to when signatures may have been used before: in Unix milliseconds by key, and for every key. */
  #before: ReadonlyMap<string, number> = new Map();
  #bounds: SignatureBounds;
  readonly #write: WriteBound;
  /** What was seen, by key and nonce. */
  readonly #seen = new Map<string, Seen>();
  /** How many of them there are of each key and each tenant, by their identifiers. */
  readonly #counts = new Map<string, number>();

  /** `now` in Unix milliseconds. */
  constructor(
    state: () => State,
    now: () => number,
    write: WriteBound,
    most: Readonly<Record<keyof typeof REMEMBERED, number>> = REMEMBERED,
  ) {
    this.#state = state;
    this.#now = now;
    this.#most = most;
    this.#write = write;
    this.#bounds = new SignatureBounds([], write);
    this.beginTerm();
  }

  /** From now on all writes come to this process. What was used until now is not known, nor how far that got. */
  beginTerm(): void {
    this.#began = this.#now();
    this.#before = new Map([[EVERY_KEY, this.#began + SIGNATURE.settle * 1_000]]);
    this.#bounds = new SignatureBounds([], this.#write);
  }

  /** After a crash: no later signature than these was used. */
  goOnAfter(bounds: readonly Bound[]): void {
    this.#before = new Map(bounds);
    this.#bounds = new SignatureBounds(bounds, this.#write);
  }

  /** What is known of writes. Null: that is too much to hand over. */
  term(): Term | null {
    const now = this.#now();
    const used: Term['used'][number][] = [];
    for (const [name, { until, keyId, tenantId, writes }] of this.#seen) {
      if (writes && until >= now) used.push([name, until, keyId, tenantId]);
    }
    // As long as a signature of that time is good.
    const before = [...this.#before].filter(([, until]) => until + SIGNATURE.skew * 1_000 >= now);
    if (used.length + before.length > HANDED_OVER) return null;
    return { began: this.#began, before, used };
  }

  /** Goes on where the one before has ended: what it had accepted is known here, too. */
  goOnWith({ began, before, used }: Term): void {
    const later = [...this.#seen];
    this.#seen.clear();
    // In order of time, as they are looked through.
    for (const [name, until, keyId, tenantId] of used) {
      this.#seen.set(name, { until, keyId, tenantId, writes: true });
      this.#count(keyId, 1);
      this.#count(tenantId, 1);
    }
    for (const [name, seen] of later) this.#seen.set(name, seen);
    this.#began = Math.min(this.#began, began);
    this.#before = new Map(before ?? [[EVERY_KEY, began + SIGNATURE.settle * 1_000]]);
  }

  /** Throws `unauthenticated`, or `too-busy`. */
  check(request: SignedRequest): Signed {
    const [, label, parameters, list, rest] =
      INPUT.exec(request.field('signature-input') ?? '') ??
      refuse('Signature-Input does not have the form that the guide shows');
    const [, sentLabel, signature] =
      SENT.exec(request.field('signature') ?? '') ?? refuse('Signature has another form');
    if (label !== sentLabel) refuse('Signature and Signature-Input have different labels');
    const components = list!.split(' ').map((name) => name.slice(1, -1));
    const given = new Map(Array.from(rest!.matchAll(PARAMETER), ([, name, number, text]) => [name!, number ?? text!]));
    const keyId = given.get('keyid') ?? '';
    const key = this.#state().accessKeys.get(keyId) ?? refuse(UNKNOWN);
    if (given.get('alg') !== 'hmac-sha256') refuse('alg must be hmac-sha256');
    this.#checkComponents(request, components);
    const created = Number(given.get('created') ?? Number.NaN) * 1_000;
    this.#checkTime(request.method, created);

    const base = signatureBase(request, components, parameters!);
    const expected = createHmac('sha256', key.secret.reveal()).update(base).digest();
    if (!timingSafeEqual(expected, Buffer.from(signature!, 'base64'))) refuse('the signature is not right');
    const nonce = given.get('nonce') ?? refuse('there is no nonce');
    if (request.method !== 'GET') this.#checkBefore(keyId, created);
    return {
      proof: proofOf(keyId),
      digest: digestIn(request),
      use: () => this.#use(`${keyId} ${nonce}`, keyId, key.tenantId, created, request.method !== 'GET'),
    };
  }

  /** What changes the meaning of a request has to be signed, and nothing twice. */
  #checkComponents(request: SignedRequest, components: readonly string[]): void {
    if (new Set(components).size !== components.length) refuse('a component is signed twice');
    for (const name of componentsFor(request)) if (!components.includes(name)) refuse(`"${name}" has to be signed`);
    if (request.hasBody && !components.includes('content-digest'))
      refuse('"content-digest" of the body has to be signed');
  }

  #checkTime(method: string, created: number): void {
    const now = this.#now();
    const skew = SIGNATURE.skew * 1_000;
    if (!(Math.abs(now - created) <= skew)) {
      refuse(`created must be within ${SIGNATURE.skew} s of the clock here, which shows ${Math.floor(now / 1_000)}`);
    }
    const ahead = Math.round((created - now) / 1_000);
    if (method !== 'GET' && ahead > SIGNATURE.ahead) {
      refuse(`created of a write is at most ${SIGNATURE.ahead} s ahead of the clock here, and not ${ahead} s`);
    }
  }

  /**
   * What was signed within the bounds of before may have been used then. Who signs anew is let in: at once, or in the
   * second after.
   */
  #checkBefore(keyId: string, created: number): void {
    const bound = Math.max(this.#before.get(EVERY_KEY) ?? 0, this.#before.get(keyId) ?? 0);
    if (created > bound) return;
    const now = this.#now();
    if (now - created > SIGNATURE.settle * 1_000)
      refuse('it was signed before the control plane started; sign it anew');
    const seconds = Math.max(1, Math.ceil((bound + 1_000 - now) / 1_000));
    const detail = `the control plane has begun to lead, and takes writes that are signed in ${seconds} s or later`;
    throw new ProblemError('too-busy', detail, { retryAfter: seconds });
  }

  #use(request: string, keyId: string, tenantId: string, created: number, writes: boolean): Promise<void> | null {
    this.#remember(request, keyId, tenantId, created, writes);
    return writes ? this.#bounds.cover(keyId, created, this.#now()) : null;
  }

  #remember(request: string, keyId: string, tenantId: string, created: number, writes: boolean): void {
    const now = this.#now();
    for (const [name, seen] of this.#seen) {
      // At that very moment it could still be sent.
      if (seen.until >= now) break;
      this.#seen.delete(name);
      this.#count(seen.keyId, -1);
      this.#count(seen.tenantId, -1);
    }
    if (this.#seen.has(request)) refuse('the request was sent before: each takes a nonce of its own');
    this.#checkRoom(keyId, this.#most.key, 'of this key');
    this.#checkRoom(tenantId, this.#most.tenant, 'of this tenant');
    if (this.#seen.size >= this.#most.all)
      throw new ProblemError('too-busy', 'too many signed requests are remembered');
    // As long as it could be sent again; a signature from a clock that is ahead is good for longer.
    this.#seen.set(request, { until: Math.max(now, created) + SIGNATURE.skew * 1_000, keyId, tenantId, writes });
    this.#count(keyId, 1);
    this.#count(tenantId, 1);
  }

  #checkRoom(id: string, most: number, whose: string): void {
    if ((this.#counts.get(id) ?? 0) < most) return;
    throw new ProblemError('too-busy', `too many signed requests ${whose} are remembered`);
  }

  #count(id: string, by: 1 | -1): void {
    const count = (this.#counts.get(id) ?? 0) + by;
    if (count === 0) this.#counts.delete(id);
    else this.#counts.set(id, count);
  }
}

/** Whether the body is the one that was signed. Throws `unauthenticated`. */
export function checkDigest(expected: Buffer | null, body: string): void {
  const digest = createHash('sha256').update(body).digest();
  if (expected !== null && !timingSafeEqual(digest, expected)) refuse('the body is not the one that was signed');
}

/** RFC 9530 §2; another algorithm beside is passed over. */
function digestIn({ field, hasBody }: SignedRequest): Buffer | null {
  const value = field('content-digest');
  if (value === undefined) return null;
  const digest = /(?:^|, *)sha-256=:([A-Za-z0-9+/]{43}=):/.exec(value)?.[1];
  if (digest === undefined) refuse('Content-Digest has no sha-256');
  return hasBody || digest !== undefined ? Buffer.from(digest, 'base64') : null;
}

function proofOf(id: string): Proof {
  return ({ accessKeys, users }, now) => {
    const key = accessKeys.get(id) ?? refuse(UNKNOWN);
    if (!key.enabled) refuse(`the access key ${key.name} is switched off`);
    checkEnd('access key', key.expiresAt, now);
    return identityOf(users.get(key.userId), { kind: 'accessKey', id }, key);
  };
}
