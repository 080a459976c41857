import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { destinationOf, type Resolve } from './destination.ts';

/** Milliseconds for one attempt: to look up, to connect, to send, and to hear a status. */
const PATIENCE = 10_000;

export interface PostOptions {
  readonly allowLocal: boolean;
  readonly resolve: Resolve;
  /** Ends when the control plane stops. */
  readonly signal: AbortSignal;
}

export interface Posted {
  /** Null: there was no answer. */
  readonly status: number | null;
  /** Why it counts as failed; empty: it does not. */
  readonly error: string;
  readonly milliseconds: number;
}

/**
 * Sends a body once. A redirect is not followed, and what the receiver answers beyond its status is not read. Never
 * rejects.
 */
export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  options: PostOptions,
): Promise<Posted> {
  const started = performance.now();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(PATIENCE)]);
  let status: number | null = null;
  let error = '';
  try {
    status = await statusOf(new URL(url), body, headers, options, signal);
    if (status >= 300 && status < 400) error = `it answered ${status}, and redirects are not followed`;
    else if (status < 200 || status >= 300) error = `it answered ${status}`;
  } catch (reason) {
    error = signal.aborted && !options.signal.aborted ? `no answer within ${PATIENCE / 1_000} s` : textOf(reason);
  }
  return { status, error, milliseconds: Math.round(performance.now() - started) };
}

async function statusOf(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  { allowLocal, resolve }: PostOptions,
  signal: AbortSignal,
): Promise<number> {
  // Looking up a name cannot be called off, but nobody has to wait for it.
  const { address, family } = await Promise.race([destinationOf(url.hostname, allowLocal, resolve), ended(signal)]);
  const secure = url.protocol === 'https:';
  const { request } = process.getBuiltinModule(secure ? 'node:https' : 'node:http');
  const name = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const { promise, resolve: answered, reject } = Promise.withResolvers<IncomingMessage>();
  const sent: ClientRequest = request({
    host: address,
    family,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method: 'POST',
    headers: { ...headers, host: url.host, 'content-length': String(Buffer.byteLength(body)) },
    // The certificate must be that of the name, not of the address that it was looked up as.
    ...(secure && isIP(name) === 0 && { servername: name }),
    // A connection of its own, which ends with it: a kept one would not be looked up again.
    agent: false,
    signal,
  });
  sent.once('response', answered).on('error', reject);
  sent.end(body);
  try {
    return (await promise).statusCode ?? 0;
  } finally {
    sent.destroy();
  }
}

function ended(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason as Error);
  else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  return promise;
}

/** What tells a closed port from a machine that is not there: whoever may name any address learns neither by it. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ETIMEDOUT',
  'EPIPE',
]);

function textOf(reason: unknown): string {
  if (reason instanceof Error && UNREACHABLE.has((reason as NodeJS.ErrnoException).code ?? '')) {
    return 'it could not be reached, or ended the connection without an answer';
  }
  const text = reason instanceof Error ? reason.message || reason.name : String(reason);
  return text.replace(/\s+/g, ' ').slice(0, 300);
}
