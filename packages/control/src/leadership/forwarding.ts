import type { IncomingMessage, RequestOptions } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { GENERATION_HEADER, type OperationName } from '@evenkeel/model/contract/contract.ts';
import { LEADER_FINGERPRINT_HEADER, LEADER_HEADER } from '@evenkeel/model/plan/stream.ts';
import { trustedConnection } from '@evenkeel/model/tls-trust.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.ts';
import type { LeaderPlace } from '../store/postgres/postgres-database.ts';
import { type Origin, PASSED_ON, type PassedOn } from './passed-on.ts';
import type { Role } from './role.ts';

/** What is answered from what everybody knows: the configuration. All else is known to the leader, or is for it to do. */
const ANSWERED_HERE: ReadonlySet<string> = new Set<OperationName>([
  'listBackendServices',
  'getBackendService',
  'listTargetGroups',
  'getTargetGroup',
  'listTargets',
  'getTarget',
  'listRuleGroups',
  'getRuleGroup',
  'listRules',
  'getRule',
  'listElasticIps',
  'getElasticIp',
  'listCertificates',
  'getCertificate',
  'listAuthorities',
  'getAuthority',
  'listSecurityPolicies',
  'getSecurityPolicy',
  'listCiphers',
  'listSecurityGroups',
  'getSecurityGroup',
  'listRegions',
  'getRegion',
  'listZones',
  'getZone',
]);

/** Of one connection (RFC 9110 §7.6.1). The host stays: signatures of requests cover it. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** Milliseconds that an answer may take: longer than any call waits. */
const PATIENCE = 130_000;
/**
 * Milliseconds that the answer to a write is held back until it can be read here, too: much longer than a machine or a
 * database that is busy takes, as a caller that reads what it has just written would be told that it is not there.
 */
const CATCH_UP = 20_000;

export interface ForwardingOptions {
  readonly role: Role;
  readonly passedOn: PassedOn;
  /** Resolves when the state here is of the generation, the time (in milliseconds) is up, or `left` says that nobody waits. */
  readonly reached: (generation: number, milliseconds: number, left: AbortSignal) => Promise<void>;
}

/**
 * Has a follower pass on to the leader what it does not answer itself, and the leader take the client of such a request
 * for its sender: limits and lock-outs are of the client, and so is what is on record.
 */
export function registerForwarding(app: FastifyInstance, options: ForwardingOptions): void {
  const { role, passedOn } = options;
  app.decorateRequest('origin', null);
  app.addHook('onRequest', async (request, reply) => {
    const origin = passedOn.open(request);
    if (origin !== null) {
      request.origin = origin;
      // Whoever asks for the address means that of the client.
      Object.defineProperty(request, 'ip', { value: origin.source });
    }
    const { operation } = request.routeOptions.config;
    if (role.leads || operation === undefined || ANSWERED_HERE.has(operation)) return;
    if (operation === 'agentStream') {
      const { leader } = role;
      if (leader !== null) reply.header(LEADER_HEADER, leader.address);
      if (leader?.fingerprint) reply.header(LEADER_FINGERPRINT_HEADER, leader.fingerprint);
      throw new ProblemError('not-leading', 'another control plane leads; agents connect to that');
    }
    request.actor = 'passed on';
    await passOn(request, reply, options);
  });
}

async function passOn(
  request: FastifyRequest,
  reply: FastifyReply,
  { role, passedOn, reached }: ForwardingOptions,
): Promise<void> {
  const { leader } = role;
  if (leader === null) throw new ProblemError('not-leading', 'no control plane leads at the moment');
  // Once, and not for ever.
  if (request.origin !== null) {
    throw new ProblemError('not-leading', 'leadership has moved while the request was passed on');
  }
  const answer = await ask(leader, request, passedOn);
  const headers = without(answer.headers);
  const generation = Number(answer.headers[GENERATION_HEADER.toLowerCase()] ?? 0);
  // Whoever has written through this one can read it here.
  if (generation > 0 && request.method !== 'GET') {
    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    await reached(generation, CATCH_UP, left.signal);
  }
  reply.hijack();
  reply.raw.writeHead(answer.statusCode!, headers);
  await pipeline(answer, reply.raw).catch(() => {
    // Either side has gone; the other one sees its connection end.
  });
}

/** Sends the request, body and all, as it comes; resolves with the head of the answer. */
function ask(leader: LeaderPlace, request: FastifyRequest, passedOn: PassedOn): Promise<IncomingMessage> {
  const { raw } = request;
  const url = new URL(request.url, leader.address);
  // As it arrives there, where the form of a URL may be another one.
  const sent = { method: request.method, url: url.pathname + url.search, headers: {} };
  const origin = passedOn.seal(sent, { source: request.ip, secure: isSecure(request) });
  const secure = url.protocol === 'https:';
  const http = process.getBuiltinModule(secure ? 'node:https' : 'node:http');
  const options: RequestOptions = {
    method: raw.method,
    headers: { ...without(raw.headers), [PASSED_ON]: origin },
    timeout: PATIENCE,
    // An agent, also one for this request alone, would connect by itself and not ask who the leader is.
    ...(secure
      ? {
          createConnection: trustedConnection(
            leader.fingerprint === null ? {} : { fingerprint: leader.fingerprint },
          ) as never,
        }
      : { agent: false }),
  };
  return new Promise((resolve, reject) => {
    let connected = false;
    const asked = http.request(url, options, resolve);
    asked.on('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', () => (connected = true)));
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    asked.on('error', (error) => {
      const detail = connected
        ? 'the leader went away before it answered; see whether the change is there before you repeat it'
        : 'the control plane that leads cannot be reached; nothing was changed';
      reject(new ProblemError('not-leading', detail, {}, error));
    });
    raw.on('close', () => {
      if (!raw.complete) asked.destroy();
    });
    raw.pipe(asked);
  });
}

function without(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const named = String(headers.connection ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name) && !named.includes(name)),
  );
}

/** Whether there is TLS to the client. */
export function isSecure(request: FastifyRequest): boolean {
  return request.origin?.secure ?? 'encrypted' in request.raw.socket;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Where it came from before another control plane passed it on; null: it came from its sender. */
    origin: Origin | null;
  }
}
