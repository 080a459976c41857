import type { Socket } from 'node:net';
import { contract } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { ErrorCode } from '@evenkeel/model/errors.ts';
import { PROBLEM_MEDIA_TYPE } from '@evenkeel/model/problem.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.ts';

/** An `import` of node:http evaluates all that it exports, a WebSocket client included. */
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** Answers with problem details, whatever went wrong. */
export function installProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, toProblemError(error)));
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const allowed = methodsOf(path);
    if (allowed.length === 0) {
      return sendProblem(request, reply, new ProblemError('route-not-found', `there is nothing at ${path}`));
    }
    reply.header('allow', allowed.join(', '));
    const detail = `${request.method} is not possible at ${path}; what is: ${allowed.join(', ')}`;
    return sendProblem(request, reply, new ProblemError('method-not-allowed', detail));
  });
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: ProblemError): FastifyReply {
  logProblem(request, problem);
  if (problem.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  const { retryAfter = problem.status === 503 ? 1 : undefined } = problem.particulars;
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  return reply
    .code(problem.status)
    .header('content-type', PROBLEM_MEDIA_TYPE)
    .header('cache-control', 'no-store')
    .header('request-id', request.id)
    .send(JSON.stringify(problem.toProblem(pathOf(request), request.id)));
}

/** What is a matter of time is known by its code; anything else that the caller is not to blame for comes with its stack. */
function logProblem({ log }: FastifyRequest, problem: ProblemError): void {
  if (problem.status < 500) return;
  if (problem.status === 503 && problem.cause === undefined) log.warn({ code: problem.code }, problem.message);
  else log.error({ err: problem, cause: problem.cause }, problem.message);
}

/** The path without the query, which may hold what is not for the log. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!;
}

function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message: string };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ProblemError('body-too-large', 'the body is larger than the server accepts', {}, error);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ProblemError('unsupported-media-type', 'the body must be application/json', {}, error);
    default:
      break;
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ProblemError('malformed-request', message, {}, error);
  }
  return new ProblemError('internal', 'the request failed because of a defect; the log has the details', {}, error);
}

/** What node:http could not read: there is no request to answer, only a socket. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = new ProblemError(codeOf(error.code), 'the request could not be read');
  const body = JSON.stringify(problem.toProblem());
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function codeOf(code: string | undefined): ErrorCode {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'header-too-large';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'request-timeout';
    default:
      return 'malformed-request';
  }
}

const PATHS = Object.values<Route>(contract).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
}));

function methodsOf(path: string): string[] {
  const methods = new Set<string>();
  for (const { method, pattern } of PATHS) if (pattern.test(path)) methods.add(method);
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods];
}
