import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { PlannedRule } from '@evenkeel/model/plan/rules.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { freePort, type Origin, rawExchange, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const path = (value: string): Pick<PlannedRule['match'], 'paths'> => ({
  paths: [{ kind: 'prefix', value, ignoreCase: false }],
});

const RULES = ruleGroupOf('priority', [
  ruleOf('fixed', 1, path('/fixed'), { action: { type: 'respond', status: 200, contentType: 'text/x', body: 'x' } }),
  ruleOf('empty', 2, path('/empty'), { action: { type: 'respond', status: 204, contentType: 'text/x', body: '' } }),
  ruleOf('undated', 3, path('/undated'), {
    action: { type: 'respond', status: 200, contentType: 'text/x', body: 'x' },
    responseHeaders: [{ operation: 'remove', name: 'Date', value: '' }],
  }),
  ruleOf('moved', 4, path('/moved'), {
    action: { type: 'redirect', status: 302, protocol: null, host: 'new.example', port: 0, path: '/x', query: '' },
  }),
  ruleOf('token', 5, path('/token'), {
    action: { type: 'forward', services: [{ serviceId: 'svc', weight: 1 }] },
    jwt: {
      keys: JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA' }] }),
      algorithms: ['HS256'],
      issuer: null,
      audience: null,
      leeway: 0,
      claims: [],
    },
  }),
  ruleOf('named', 6, path('/target/named'), {
    action: { type: 'forward', services: [{ serviceId: 'svc', weight: 1 }] },
    responseHeaders: [{ operation: 'set', name: 'date', value: 'never' }],
  }),
  ruleOf('target', 7, path('/target'), { action: { type: 'forward', services: [{ serviceId: 'svc', weight: 1 }] } }),
]);

const datesIn = (answer: string): string[] =>
  answer
    .slice(0, answer.indexOf('\r\n\r\n'))
    .split('\r\n')
    .filter((line) => /^date:/i.test(line))
    .map((line) => line.slice('Date: '.length));

for (const reactor of ['uring', 'portable'] as const) {
  describe(`dates of answers, on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    let port: number;
    let pagePort: number;

    const get = (at: string, to = port): Promise<string> =>
      rawExchange(to, `GET ${at} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      origin = await tcpOrigin((socket) => {
        socket.once('data', (bytes: Buffer) => {
          const dated = bytes.includes('/dated') || bytes.includes('/named') ? 'DATE: as it is said\r\n' : '';
          const framing = bytes.includes('/chunked') ? 'Transfer-Encoding: chunked' : 'Content-Length: 2';
          const body = bytes.includes('/chunked') ? '2\r\nok\r\n0\r\n\r\n' : 'ok';
          socket.end(`HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n${dated}${framing}\r\n\r\n${body}`);
        });
      });
      port = await freePort();
      pagePort = await freePort();
      const errorPages = [{ status: 503, contentType: 'text/plain', body: 'later' }];
      const change = changeOf(
        [serviceOf([origin.port]), serviceOf([], { id: 'none' })],
        [
          listenerOf(port, { serviceId: null, ruleGroupId: 'rules', http: PLAIN_HTTP }),
          listenerOf(pagePort, { id: 'pages', serviceId: 'none', http: { ...PLAIN_HTTP, errorPages } }),
        ],
      );
      const shared = new Map([
        ['rule-group/rules', { key: 'rule-group/rules', kind: 'rule-group' as const, hash: '', value: RULES }],
      ]);
      assert.deepEqual(await engine.apply({ ...change, shared }), []);
    });

    after(async () => {
      await engine.stop(0);
      await origin.close();
    });

    test('the load balancer dates what it says by itself', async () => {
      const asked: readonly [string, number, number?][] = [
        ['/fixed', 200],
        ['/empty', 204],
        ['/moved', 302],
        ['/token', 401],
        ['/nowhere', 503],
        ['*', 400],
        ['/', 503, pagePort],
      ];
      for (const [at, status, to] of asked) {
        // To the second: it has the clock of a turn that may have begun in the one before.
        const earliest = Math.floor(Date.now() / 1_000) * 1_000 - 1_000;
        const answer = await get(at, to);
        assert.equal(answer.slice(9, 12), String(status), at);
        const dates = datesIn(answer);
        assert.equal(dates.length, 1, answer);
        const date = Date.parse(dates[0]!);
        assert.equal(new Date(date).toUTCString(), dates[0]);
        assert.ok(date >= earliest && date <= Date.now(), `${dates[0]} of ${at}`);
      }
    });

    test('it dates what its targets do not, and leaves alone what they say', async () => {
      for (const at of ['/target', '/target/chunked']) {
        const [interim, final] = (await get(at)).split(/(?<=\r\n\r\n)(?=HTTP)/);
        assert.equal(interim, 'HTTP/1.1 103 Early Hints\r\n\r\n');
        const dates = datesIn(final!);
        assert.equal(dates.length, 1);
        assert.equal(new Date(Date.parse(dates[0]!)).toUTCString(), dates[0]);
        const dated = (await get(`${at}/dated`)).split(/(?<=\r\n\r\n)(?=HTTP)/)[1]!;
        assert.deepEqual(datesIn(dated), ['as it is said']);
      }
    });

    test('what a rule says of Date is what clients see', async () => {
      assert.deepEqual(datesIn(await get('/undated')), []);
      const named = (await get('/target/named')).split(/(?<=\r\n\r\n)(?=HTTP)/)[1]!;
      assert.deepEqual(datesIn(named), ['never']);
    });
  });
}
