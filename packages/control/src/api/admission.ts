import { type OperationName, TENANT_HEADER } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authentication } from '../access/authentication.ts';
import { checkRoute, tenantFor } from '../access/authorization.ts';
import type { Caller, Identity } from '../access/identity.ts';
import type { Proof } from '../access/proof.ts';
import type { Allowance, RequestRates } from '../access/rate-limits.ts';
import { ProblemError } from '../problem.ts';
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
    rates.checkSource(request.ip);
    const proof = await this.#prove(request);
    request.proof = proof;
    const identity = proof(state(), now());
    request.actor = identity.id;
    tell(reply, rates.count(identity, request.ip));
    request.caller = callerOf(request, identity, operation, route, state());
  }

  /** The same once more for a request that is in already, in a state that may be another one. */
  again(request: FastifyRequest, operation: OperationName, route: Route, whole: State): Caller {
    const identity = request.proof!(whole, this.#options.now());
    return callerOf(request, identity, operation, route, whole);
  }

  async #prove(request: FastifyRequest): Promise<Proof> {
    const { authentication, rates, state, now } = this.#options;
    try {
      const proof = await authentication.prove({ authorization: request.headers.authorization });
      proof(state(), now());
      return proof;
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'unauthenticated') rates.failed(request.ip);
      throw error;
    }
  }
}

function callerOf(
  request: FastifyRequest,
  identity: Identity,
  operation: OperationName,
  route: Route,
  whole: State,
): Caller {
  checkRoute(identity, operation, route);
  const header = request.headers[TENANT_HEADER.toLowerCase()];
  const actingIn = tenantFor(identity, Array.isArray(header) ? header.join(', ') : header, whole);
  return { ...identity, actingIn, source: request.ip };
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
  }
}
