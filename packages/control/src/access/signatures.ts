import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SIGNATURE } from '@evenkeel/model/limits.ts';
import { componentsFor, type SignedParts, signatureBase } from '@evenkeel/model/signature-base.ts';
import { ProblemError } from '../problem.ts';
import type { State } from '../state/state.ts';
import { checkEnd, identityOf, type Proof, refuse, UNKNOWN } from './proof.ts';

/** Requests that are remembered, so that none is sent again; beyond, signed requests are refused as `too-busy`. */
const REMEMBERED = 100_000;

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
}

/** Checks signatures of requests by access keys (RFC 9421), and that each is used once. */
export class Signatures {
  readonly #state: () => State;
  readonly #now: () => number;
  readonly #began: number;
  /** What was seen, in order of when it may be forgotten, in Unix milliseconds. */
  readonly #seen = new Map<string, number>();

  /** `now` in Unix milliseconds. */
  constructor(state: () => State, now: () => number) {
    this.#state = state;
    this.#now = now;
    this.#began = now();
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
    this.#remember(`${keyId} ${given.get('nonce') ?? refuse('there is no nonce')}`, created);
    return { proof: proofOf(keyId), digest: digestIn(request) };
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
    // What was signed before this process began may have been used in the one before it.
    if (method !== 'GET' && created + 1_000 <= this.#began) {
      refuse('it was signed before the control plane started; sign it anew');
    }
  }

  #remember(request: string, created: number): void {
    const now = this.#now();
    for (const [seen, until] of this.#seen) {
      if (until > now) break;
      this.#seen.delete(seen);
    }
    if (this.#seen.has(request)) refuse('the request was sent before: each takes a nonce of its own');
    if (this.#seen.size >= REMEMBERED) throw new ProblemError('too-busy', 'too many signed requests are remembered');
    // As long as it could be sent again; a signature from a clock that is ahead is good for longer.
    this.#seen.set(request, Math.max(now, created) + SIGNATURE.skew * 1_000);
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
