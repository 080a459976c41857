import {
  contract,
  etagOf,
  GENERATION_HEADER,
  OPERATION_HEADER,
  type OperationName,
  REPLAYED_HEADER,
} from '@evenkeel/model/contract/contract.ts';
import { NoQuery, type Route } from '@evenkeel/model/contract/route.ts';
import { Type } from '@evenkeel/model/type.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkChanges } from '../access/authorization.ts';
import type { Caller, Identity } from '../access/identity.ts';
import type { Refusals } from '../audit/refusals.ts';
import { isSecure } from '../leadership/forwarding.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import { scopedTo } from '../state/scope.ts';
import type { State } from '../state/state.ts';
import type { Committed, Store } from '../store/store.ts';
import type { Admission } from './admission.ts';
import { doneEntry, logFor, recordDone, watched } from './audited.ts';
import type { Browser, Call } from './call.ts';
import { type Answer, checkKey, fingerprintOf, type IdempotentRequests, type SaveAnswer } from './idempotency.ts';
import { pathOf } from './problems.ts';
import { sendStream } from './streaming.ts';
import type { Validators } from './validation.ts';

/** A call of any operation; its parts were validated against the schemas of its route. */
export type AnyCall = Call<never> & { readonly body: unknown };

/** How an operation is carried out: by reading, by a change of the configuration, or in its own way. */
export type Handler =
  | { readonly kind: 'read'; readonly read: (call: AnyCall) => unknown }
  | {
      readonly kind: 'write';
      /** What takes its time and needs no draft; `write` gets what it resolves with. */
      readonly prepare?: (call: AnyCall) => Promise<unknown>;
      readonly write: (draft: Draft, call: AnyCall, prepared?: unknown) => object;
      /** Whose draft it is, where that is not the tenant that is acted in. */
      readonly tenantId?: string;
    }
  /** The answer comes bit by bit. */
  | { readonly kind: 'stream'; readonly open: (call: AnyCall) => AsyncIterable<string> };

export interface RouteContext {
  readonly handlers: Readonly<Record<OperationName, (call: AnyCall) => Handler>>;
  readonly store: Store;
  readonly admission: Admission;
  readonly idempotency: IdempotentRequests;
  readonly validators: Validators;
  readonly refusals: Refusals;
  /** Told of readers of streams that were cut off. */
  readonly dropped: () => void;
  /** Ends when the server stops. */
  readonly closing: AbortSignal;
}

/** Registers every route of the contract. */
export function registerRoutes(app: FastifyInstance, context: RouteContext): void {
  for (const [name, route] of Object.entries<Route>(contract))
    registerRoute(app, name as OperationName, route, context);
}

function registerRoute(app: FastifyInstance, name: OperationName, route: Route, context: RouteContext): void {
  const { validators, admission, closing, handlers, store, idempotency } = context;
  const params = validators.for(route.params ?? Type.Object({}), 'path');
  const query = validators.for(route.query ?? NoQuery, 'query');
  const body = route.body === undefined ? refuseBody : validators.for(route.body, 'body');

  app.route({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    config: { operation: name },
    onRequest: watched(context, name, route, (request, reply) => admission.admit(request, reply, name, route)),
    handler: watched(context, name, route, async (request, reply) => {
      const check = (whole: State) => admission.again(request, name, route, whole);
      // A body may have taken its time.
      const caller = request.body === undefined ? request.caller! : check(store.state);
      let isAudited = false;
      const call = {
        params: params(request.params),
        query: query(request.query),
        body: body(request.body, Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY)),
        caller,
        get state() {
          return scopedTo(store.state, caller.actingIn);
        },
        checkChanges: (draft: Draft) => checkChanges(check(draft.whole), name, route, draft),
        audit: (detail: string) => {
          isAudited = true;
          return doneEntry(store, name, request, detail);
        },
        identify: (identity: Identity) => {
          request.actor = identity.id;
          request.caller = { ...identity, actingIn: identity.tenantId, source: request.ip };
        },
        browser: browserOf(request, reply),
        requestId: request.id,
        lastEventId: route.media === 'text/event-stream' ? headerOf(request, 'last-event-id') : undefined,
        ifMatch: route.ifMatch ? headerOf(request, 'if-match') : undefined,
        stillMay: () => isAllowed(() => check(store.state)),
        get signal() {
          return AbortSignal.any([closing, goneSignal(reply)]);
        },
      } as AnyCall;
      const handler = handlers[name](call);
      reply.header('cache-control', 'no-store');
      if (handler.kind === 'read') {
        const answer = await handler.read(call);
        if (route.method !== 'GET' && !isAudited) await recordDone(store, name, request.caller!, call, answer);
        return sendAnswer(reply, { status: route.status, headers: headersOf(route, answer), body: answer }, false);
      }
      if (handler.kind === 'stream') return sendStream(reply, route.media!, handler.open(call), context.dropped);
      const write = (save?: SaveAnswer) => carryOut(store, name, route, handler, call, check, save);
      const key = route.idempotent ? headerOf(request, 'idempotency-key') : undefined;
      if (key === undefined) return sendAnswer(reply, await write(), false);
      const fingerprint = fingerprintOf(route.method, `${caller.actingIn} ${pathOf(request)}`, request.body);
      const { answer, replayed } = await idempotency.once(caller.id, checkKey(key), fingerprint, write);
      return sendAnswer(reply, answer, replayed);
    }),
  });
}

/** Writes, and stores the answer with the write when it may have to be repeated. */
async function carryOut(
  store: Store,
  name: OperationName,
  route: Route,
  { prepare, write, tenantId }: Extract<Handler, { kind: 'write' }>,
  call: AnyCall,
  check: (whole: State) => Caller,
  save: SaveAnswer | undefined,
): Promise<Answer> {
  const answerTo = (committed: Committed<object>) => answerToWrite(route, committed);
  const prepared = await prepare?.(call);
  // One tenant has a change in its audit log, its operation and its revision.
  const home = logFor(name, call.caller);
  const committed = await store.write({
    action: name,
    actor: call.caller.id,
    author: call.caller,
    requestId: call.requestId,
    tenantId: tenantId ?? home,
    toldTo: home,
    run(draft) {
      // The writes before this one may have changed who may do what.
      const caller = check(draft.whole);
      const value = write(draft, call, prepared);
      checkChanges(caller, name, route, draft);
      return value;
    },
    ...(save && { also: (trx, made: Committed<object>) => save(trx, answerTo(made)) }),
  });
  return answerTo(committed);
}

function answerToWrite(route: Route, { value, generation, operation }: Committed<object>): Answer {
  const body = { ...value, operationId: operation.id };
  const headers: Record<string, string> = {
    [GENERATION_HEADER]: String(generation),
    [OPERATION_HEADER]: operation.id,
    ...tagOf(value),
  };
  if (route.status === 201 && 'id' in value) headers['location'] = `${route.path}/${value.id}`;
  return { status: route.status, headers, body };
}

/** The headers of what a call answers that has carried itself out. */
function headersOf({ method }: Route, body: unknown): Record<string, string> {
  const { operationId, generation } = (body ?? {}) as { operationId?: unknown; generation?: unknown };
  if (method === 'GET' || typeof operationId !== 'string' || typeof generation !== 'number') return tagOf(body);
  return { ...tagOf(body), [GENERATION_HEADER]: String(generation), [OPERATION_HEADER]: operationId };
}

/** The ETag of a body that is a resource. */
function tagOf(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null || !('updatedAt' in body) || !('generation' in body)) return {};
  return { etag: etagOf(body as { generation: number }) };
}

function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer, replayed: boolean): FastifyReply {
  if (replayed) reply.header(REPLAYED_HEADER, 'true');
  return reply.code(status).headers(headers).header('content-type', 'application/json').send(JSON.stringify(body));
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function browserOf(request: FastifyRequest, reply: FastifyReply): Browser {
  return {
    cookie: request.headers.cookie,
    userAgent: request.headers['user-agent'] ?? '',
    secure: isSecure(request),
    setCookies: (values) => reply.header('set-cookie', [...values]),
  };
}

/** Ends when the client goes away before it has its answer. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}

function isAllowed(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}

function refuseBody(body: unknown): undefined {
  if (body === undefined || body === null) return undefined;
  throw new ProblemError('validation-failed', 'this operation takes no body', {
    errors: [{ field: '', reason: 'this operation takes no body' }],
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request, once that is known; for log and audit. */
    actor: string;
    /** The same with all that is known of them; null before that, and where no operation is called. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** The operationId of the route. */
    operation?: OperationName | 'agentStream' | 'agentJoin';
  }
}
