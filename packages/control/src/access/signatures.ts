import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SIGNATURE } from '@evenkeel/model/access-limits.ts';
import { componentsFor, type SignedParts, signatureBase } from '@evenkeel/model/signature-base.ts';
import { ProblemError } from '../problem.ts';
import type { State } from '../state/state.ts';
import { checkEnd, identityOf, type Proof, refuse, UNKNOWN } from './proof.ts';

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
   * them. Throws `unauthenticated` when it was used before, or `too-busy`.
   */
  readonly use: () => void;
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
  /** Identifiers of the keys that writes may have been signed by before; empty once that is long ago. */
  readonly keysBefore: readonly string[];
  readonly used: readonly (readonly [name: string, until: number, keyId: string, tenantId: string])[];
}

/** Signatures and keys that are handed over; where there are more, nothing is, as after a crash. */
const HANDED_OVER = 20_000;

/**
 * Checks signatures of requests by access keys (RFC 9421), and that each is used once. What was used is known to this
 * process: where another one led before and left nothing, writes that may have been used there are refused by their time.
 */
export class Signatures {
  readonly #state: () => State;
  readonly #now: () => number;
  readonly #most: Readonly<Record<keyof typeof REMEMBERED, number>>;
  /** Unix milliseconds since which all writes come here, and the keys that writes may have been signed by before. */
  #began = 0;
  #keysBefore: { has(keyId: string): boolean; keys(): Iterable<string> } = new Set();
  /** What was seen, by key and nonce. */
  readonly #seen = new Map<string, Seen>();
  /** How many of them there are of each key and each tenant, by their identifiers. */
  readonly #counts = new Map<string, number>();

  /** `now` in Unix milliseconds. */
  constructor(
    state: () => State,
    now: () => number,
    most: Readonly<Record<keyof typeof REMEMBERED, number>> = REMEMBERED,
  ) {
    this.#state = state;
    this.#now = now;
    this.#most = most;
    this.beginTerm();
  }

  /** From now on all writes come to this process; until now, others may have seen some that it has not. */
  beginTerm(): void {
    this.#began = this.#now();
    this.#keysBefore = this.#state().accessKeys;
  }

  /** What is known of writes. Null: that is too much to hand over. */
  term(): Term | null {
    const now = this.#now();
    const used: Term['used'][number][] = [];
    for (const [name, { until, keyId, tenantId, writes }] of this.#seen) {
      if (writes && until >= now) used.push([name, until, keyId, tenantId]);
    }
    const settled = now > this.#began + SIGNATURE.settle * 1_000;
    const keysBefore = settled ? [] : [...this.#keysBefore.keys()];
    if (used.length + keysBefore.length > HANDED_OVER) return null;
    return { began: this.#began, keysBefore, used };
  }

  /** Goes on where the one before has ended: what it had accepted is known here, too. */
  goOnWith({ began, keysBefore, used }: Term): void {
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
    this.#keysBefore = new Set(keysBefore);
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
    if (request.method !== 'GET') this.#checkTerm(keyId, created);
    return {
      proof: proofOf(keyId),
      digest: digestIn(request),
      use: () => this.#remember(`${keyId} ${nonce}`, keyId, key.tenantId, created, request.method !== 'GET'),
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
   * What was signed before the term began may have been used before it, and so may what was signed by a clock that is
   * ahead. A key that was made since cannot have signed before.
   */
  #checkTerm(keyId: string, created: number): void {
    if (created + 1_000 <= this.#began) refuse('it was signed before the control plane started; sign it anew');
    const settled = this.#began + SIGNATURE.settle * 1_000;
    if (created > settled || !this.#keysBefore.has(keyId)) return;
    const seconds = Math.max(1, Math.ceil((settled - this.#now()) / 1_000) + 1);
    const detail = `the control plane has begun to lead, and takes writes that are signed in ${seconds} s or later`;
    throw new ProblemError('too-busy', detail, { retryAfter: seconds });
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
