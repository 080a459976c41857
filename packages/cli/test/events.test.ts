import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { cli } from './run.ts';
import { page, ScriptedApi } from './scripted-api.ts';
import { withApi } from './scripted-balancer.ts';

const event = (number: number) => ({
  id: `evt-01m7y7pvpcamhyyt2${number}`,
  at: '2026-11-01T10:00:00.000Z',
  kind: 'target.unhealthy',
  severity: 'warning',
  message: `Target ${number} is unhealthy.`,
});

test('what has happened is shown with the newest first, as lists are, or last', async () => {
  await using api = await ScriptedApi.start({ 'GET /v1/events': page(event(2), event(1)) });
  const lines = [2, 1].map((i) => `2026-11-01T10:00:00.000Z  warning   target.unhealthy  Target ${i} is unhealthy.\n`);
  const { out } = await cli(['events', '--severity', 'warning'], withApi(api));
  assert.equal(out, lines.join(''));
  const turned = await cli(['events', '--oldest-first'], withApi(api));
  assert.equal(turned.out, lines.reverse().join(''));
  const data = JSON.parse((await cli(['events', '--json'], withApi(api))).out) as { id: string }[];
  assert.deepEqual(
    data.map(({ id }) => id),
    [event(2).id, event(1).id],
  );
  assert.match(api.asked[0]!.call, /severity=warning&limit=20/);
  const wrong = await cli(['events', '--kind', 'nonsense'], withApi(api));
  assert.equal(wrong.exitCode, 2);
});

test('a stream that breaks off goes on after the last event, until the token ends', async () => {
  const asked: (string | undefined)[] = [];
  const answers: ((response: ServerResponse) => void)[] = [
    (response) => {
      response.write(`retry: 1\n\nid: ${event(3).id}\nevent: target.unhealthy\ndata: ${JSON.stringify(event(3))}\n\n`);
      setImmediate(() => response.destroy());
    },
    (response) => {
      response.write(
        `: heartbeat\n\nid: ${event(4).id}\nevent: target.unhealthy\ndata: ${JSON.stringify(event(4))}\n\n`,
      );
      response.end('event: end\ndata: {"reason":"token-ended"}\n\n');
    },
  ];
  const server = createServer((request, response) => {
    if (!request.url!.startsWith('/v1/events/stream')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ items: [event(2), event(1)], nextCursor: null }));
      return;
    }
    asked.push((request.headers['last-event-id'] as string | undefined) ?? new URL(request.url!, 'http://a').search);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    answers.shift()!(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const around = { env: { EVENKEEL_URL: url, EVENKEEL_TOKEN: 'secret' } };
    const { out, err, exitCode } = await cli(['events', '--follow', '--quiet'], around);
    assert.equal(out, [1, 2, 3, 4].map((i) => `${event(i).id}\n`).join(''));
    assert.deepEqual(asked, [`?after=${event(2).id}`, event(3).id]);
    assert.match(err, /broke off .* trying again/);
    assert.match(err, /token is no longer accepted/);
    assert.equal(exitCode, 1);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
