import type { IncomingMessage } from 'node:http';
import type { OperationName } from '@evenkeel/model/contract/contract.ts';
import type { QueryOf } from '@evenkeel/model/contract/types.ts';
import { type TlsTrust, trustedConnection } from '@evenkeel/model/tls-trust.ts';
import { type ClientOptions, credentialFor, problemOf, type StreamName, tenantField, urlOf } from './client.ts';
import { ApiError, ConnectionError, UnexpectedAnswerError } from './errors.ts';
import { routes } from './routes.ts';

export interface StreamOptions<K extends OperationName> {
  readonly query?: QueryOf<K>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * The lines of an answer that comes bit by bit, without their ends: an export, or a stream of events. It is read as fast
 * as the lines are taken. Rejects as the calls of a client do, with a ConnectionError also when the answer breaks off.
 */
export async function* streamLines<K extends StreamName>(
  options: Pick<ClientOptions, 'url' | 'token' | 'accessKey' | 'tenant'> & { readonly trust?: TlsTrust },
  name: K,
  { query, headers, signal }: StreamOptions<K> = {},
): AsyncGenerator<string> {
  const [method, path] = routes[name];
  const url = urlOf(options.url, path, { query: (query as Readonly<Record<string, unknown>> | undefined) ?? {} });
  // An import of node:http would load what nobody uses here; see http-fetch.ts.
  const { request } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const said = { ...tenantField(options), ...headers };
    const credential = await credentialFor(options, { method, url, headers: said, body: null });
    const sent = request(url, {
      method,
      headers: { ...said, ...credential },
      ...(signal && { signal }),
      ...(url.startsWith('https:') && { createConnection: trustedConnection(options.trust ?? {}) as never }),
    });
    sent.once('response', resolve).once('error', reject).end();
    const response = await promise;
    response.setEncoding('utf8');
    if (response.statusCode !== 200) throw problemOf(url, response.statusCode ?? 0, await textOf(response));
    yield* linesOf(response);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ApiError || error instanceof UnexpectedAnswerError) throw error;
    throw new ConnectionError(url, error);
  }
}

async function* linesOf(response: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const part of response) {
    const lines = (rest + part).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function textOf(response: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of response) text += part;
  return text;
}
