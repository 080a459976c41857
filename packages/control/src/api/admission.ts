import { type OperationName, TENANT_HEADER } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authentication, Presented, Proven } from '../access/authentication.ts';
import { checkAsked, tenantFor } from '../access/authorization.ts';
import { policiesOf } from '../access/decision.ts';
import { ANONYMOUS, type Caller, type Identity } from '../access/identity.ts';
import type { Proof } from '../access/proof.ts';
import type { Allowance, RequestRates } from '../access/rate-limits.ts';
import { subjectsOf } from '../access/subjects.ts';
import { isSecure } from '../leadership/forwarding.ts';
import { ProblemError } from '../problem.ts';
import { scopedTo } from '../state/scope.ts';
import type { State } from '../state/state.ts';

export interface AdmissionOptions {
  readonly authentication: Authentication;
  readonly rates: RequestRates;
  readonly state: () => State;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Who may go on with a request: decided from its head, before any of its body is read, and again when it matters. */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * Lets a request in: from a source that was not refused too often, with a credential that is known, within the rates,
   * with a role that goes so far. The cheapest of these comes first.
   */
  async admit(request: FastifyRequest, reply: FastifyReply, operation: OperationName, route: Route): Promise<void> {
    const { rates, state, now } = this.#options;
    if (route.public) {
      rates.checkSource(request.ip);
      tell(reply, rates.countAnonymous(request.ip));
      request.proof = () => ANONYMOUS;
      request.caller = { ...ANONYMOUS, actingIn: ANONYMOUS.tenantId, source: request.ip };
      return;
    }
    const { proof, digest, use } = await this.#prove(request);
    request.proof = proof;
    request.signedDigest = digest;
    const identity = proof(state(), now());
    request.actor = identity.id;
    tell(reply, rates.count(identity, request.ip));
    try {
      const used = use();
      if (used !== null) await used;
    } catch (error) {
      this.#countFailure(request, error);
      throw error;
    }
    // Whoever is refused from here on is on record in the tenant of their own.
    request.caller = { ...identity, actingIn: identity.tenantId, source: request.ip };
    request.caller = callerOf(request, identity, operation, route, state());
  }

  /** The same once more for a request that is in already, in a state that may be another one. */
  again(request: FastifyRequest, operation: OperationName, route: Route, whole: State): Caller {
    if (route.public) return request.caller!;
    const identity = request.proof!(whole, this.#options.now());
    return callerOf(request, identity, operation, route, whole);
  }

  async #prove(request: FastifyRequest): Promise<Proven> {
    const { authentication, rates, state, now } = this.#options;
    try {
      const proven = await authentication.prove(presentedBy(request), () => rates.checkSource(request.ip));
      proven.proof(state(), now());
      return proven;
    } catch (error) {
      this.#countFailure(request, error);
      throw error;
    }
  }

  #countFailure(request: FastifyRequest, error: unknown): void {
    if (error instanceof ProblemError && error.code === 'unauthenticated') this.#options.rates.failed(request.ip);
  }
}

function presentedBy(request: FastifyRequest): Presented {
  const { headers } = request;
  return {
    method: request.method,
    target: request.url,
    secure: isSecure(request),
    hasBody: headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0,
    field: (name) => valueOf(request, name),
  };
}

function callerOf(
  request: FastifyRequest,
  identity: Identity,
  operation: OperationName,
  route: Route,
  whole: State,
): Caller {
  const actingIn = tenantFor(identity, valueOf(request, TENANT_HEADER.toLowerCase()), whole);
  const { params, query, body } = request;
  // What is another tenant's has no tags here that a policy could tell of.
  const subjects =
    policiesOf(identity, whole).length === 0 ? [] : subjectsOf(scopedTo(whole, actingIn), params, query, body);
  const complete = route.body === undefined || body !== undefined;
  checkAsked(identity, { actions: [operation], route, subjects, complete }, whole);
  return { ...identity, actingIn, source: request.ip };
}

function valueOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** RateLimit header fields of the limit that is nearest (draft-ietf-httpapi-ratelimit-headers, §3 and §4). */
function tell(reply: FastifyReply, allowance: Allowance | null): void {
  if (allowance === null) return;
  const { name, quota, window, remaining, seconds } = allowance;
  reply.header('ratelimit-policy', `"${name}";q=${quota};w=${window}`);
  reply.header('ratelimit', `"${name}";r=${remaining};t=${seconds}`);
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request came with, once that was checked; null before that, and where no operation is called. */
    proof: Proof | null;
    /** SHA-256 that the body must have, when the request was signed with one. */
    signedDigest: Buffer | null;
  }
}
