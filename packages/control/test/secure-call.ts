import { request } from 'node:https';
import type { Answer, Running } from './running.ts';

interface SecureCall {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the client shows itself. */
  readonly own?: { readonly certificate: string; readonly key: string };
}

/**
 * A request over TLS as the administrator, to a control plane whose certificate a test takes as it is. An upgrade that is
 * granted is an answer as well.
 */
export function secureCall(running: Running, method: string, path: string, given: SecureCall = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { body, own } = given;
  const { authorization = `Bearer ${running.adminToken}`, ...headers } = given.headers ?? {};
  const asked = request(`${running.url}${path}`, {
    method,
    agent: false,
    rejectUnauthorized: false,
    headers: {
      // Empty: it comes without.
      ...(authorization !== '' && { authorization }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(own !== undefined && { cert: own.certificate, key: own.key }),
  });
  asked.on('response', async (answer) => {
    const text = (await Array.fromAsync(answer, String)).join('');
    const json = /[/+]json/.test(answer.headers['content-type'] ?? '');
    resolve({ status: answer.statusCode!, headers: new Headers(), body: json ? JSON.parse(text) : text });
  });
  asked.on('upgrade', (answer, socket) => {
    socket.destroy();
    resolve({ status: answer.statusCode!, headers: new Headers(), body: '' });
  });
  asked.on('error', reject);
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
