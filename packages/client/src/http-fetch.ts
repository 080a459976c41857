import type { Agent, IncomingMessage } from 'node:http';
import type { Answer, Request } from './client.ts';

/**
 * For `ClientOptions.fetch`, in programs of Node that make a call or two and end: the first use of the built-in `fetch`
 * loads more than the rest of such a program. Redirects are not followed and nothing is decompressed; the API has neither.
 * `agent`: who opens the connections; by default, that of Node.
 */
export function httpFetch(url: string, { method, headers, body, signal }: Request, agent?: Agent): Promise<Answer> {
  // An `import` of node:http would load as much again, for what it exports and nobody uses here.
  const { request } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(url, { method, headers, signal, ...(agent && { agent }) }, (response) =>
    resolve(answerOf(response)),
  );
  sent.once('error', reject);
  if (body === null) sent.end();
  else sent.end(body);
  return promise;
}

function answerOf(response: IncomingMessage): Answer {
  const { statusCode: status = 0, headers } = response;
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => headers[name]?.toString() ?? null },
    async text() {
      let text = '';
      for await (const part of response.setEncoding('utf8')) text += part;
      return text;
    },
  };
}
