import websocket from '@fastify/websocket';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { RequestRates } from '../access/rate-limits.ts';
import { checkDigest } from '../access/signatures.ts';
import { type ForwardingOptions, registerForwarding } from '../leadership/forwarding.ts';
import type { NodeAccess } from '../nodes/membership/gate.ts';
import type { Membership } from '../nodes/membership/membership.ts';
import { type AgentStream, MESSAGE_LIMIT } from '../nodes/stream.ts';
import { ProblemError } from '../problem.ts';
import { ASKED, secureContextOf } from '../transport/client-certificates.ts';
import type { CertificateAndKey } from '../transport/self-signed.ts';
import { registerDocumentation } from './documentation.ts';
import { registerJoin } from './join.ts';
import type { Metrics } from './metrics.ts';
import { answerUnreadable, installProblems, pathOf, sendProblem } from './problems.ts';
import { type RouteContext, registerRoutes } from './routes.ts';

/** Bytes of a request body, and of its head. */
const BODY_LIMIT = 8 * 1_048_576;
const HEADER_LIMIT = 16_384;
/** Milliseconds for a request head, and for the whole request, to arrive. */
const HEADER_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 30_000;
const KEEP_ALIVE = 72_000;
/** Connections at a time, streams of agents and waiting calls included; one more is closed at once. */
const CONNECTIONS = 2_048;

export interface ServerOptions extends RouteContext {
  readonly version: string;
  readonly membership: Membership;
  readonly rates: RequestRates;
  readonly stream: AgentStream;
  readonly metrics: Metrics;
  /** Whether they are served with the API. */
  readonly metricsHere: boolean;
  readonly logger: FastifyBaseLogger;
  /** What the server shows; null: it speaks plain HTTP. */
  readonly tls: CertificateAndKey | null;
  readonly forwarding: ForwardingOptions;
}

/** The HTTP server with the API, its documentation, the metrics and the stream of the agents; not listening yet. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { logger, metrics, tls, membership } = options;
  const http = { maxHeaderSize: HEADER_LIMIT, headersTimeout: HEADER_TIMEOUT, connectionsCheckingInterval: 1_000 };
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE,
    ...(tls === null ? { http } : { https: { ...http, ...secureContextOf(tls, membership), ...ASKED } }),
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket),
    frameworkErrors: (error, request, reply) => {
      const problem = new ProblemError('malformed-request', error.message);
      sendProblem(request as FastifyRequest, reply as unknown as FastifyReply, problem);
    },
  });
  app.server.maxConnections = CONNECTIONS;
  app.decorateRequest('actor', '');
  app.decorateRequest('nodeAccess', null);
  app.decorateRequest('caller', null);
  app.decorateRequest('proof', null);
  app.decorateRequest('signedDigest', null);
  installProblems(app);
  parseBodies(app);
  app.addHook('onSend', async (request, reply) => {
    reply.header('request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const operation = request.routeOptions.config.operation ?? 'other';
    metrics.request(operation, reply.statusCode, reply.elapsedTime / 1_000);
    request.log.info(
      {
        method: request.method,
        path: pathOf(request),
        status: reply.statusCode,
        ms: reply.elapsedTime,
        by: request.actor,
      },
      'request',
    );
  });

  await app.register(websocket, { options: { maxPayload: MESSAGE_LIMIT } });
  registerForwarding(app, options.forwarding);
  registerDocumentation(app, options.version);
  registerRoutes(app, options);
  app.get('/healthz', { logLevel: 'warn' }, async () => ({ status: 'ok' }));
  registerJoin(app, { joining: membership.joining, rates: options.rates });
  if (options.metricsHere) {
    app.get('/metrics', { logLevel: 'warn' }, async (_, reply) => {
      return reply.header('content-type', metrics.contentType).send(await metrics.text());
    });
  }
  registerStream(app, options);
  await app.ready();
  return app;
}

/** JSON bodies; an empty one is no body, whatever its content type says. */
function parseBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    try {
      checkDigest(request.signedDigest, body as string);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (body === '') done(null, undefined);
    else parse(request, body as string, done);
  });
}

function registerStream(app: FastifyInstance, { membership, stream }: ServerOptions): void {
  app.get(
    '/agent/v1/stream',
    {
      websocket: true,
      config: { operation: 'agentStream' },
      onRequest: async (request) => {
        request.nodeAccess = membership.gate.admit(request.raw.socket, request.headers.authorization);
        request.actor = 'node';
      },
    },
    (socket, request) => stream.accept(socket, request.nodeAccess!),
  );
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What a stream of a node begins with. */
    nodeAccess: NodeAccess | null;
  }
}
