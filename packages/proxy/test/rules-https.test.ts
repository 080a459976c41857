import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedRule } from '@evenkeel/model/plan/rules.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { bodyOf, freePort, httpOrigin, type Origin } from './exchange.ts';
import { changeOf, serviceOf } from './plans.ts';
import { certificateOf, httpsListener, withShared } from './tls-plans.ts';

const web = issue({ names: ['web.test'] });
const secret = randomBytes(32);
const HSTS = 'max-age=600; includeSubDomains';

const prefix = (value: string): Pick<PlannedRule['match'], 'paths'> => ({
  paths: [{ kind: 'prefix', value, ignoreCase: false }],
});
const forward = (serviceId: string): PlannedRule['action'] => ({
  type: 'forward',
  services: [{ serviceId, weight: 1 }],
});
const here = { protocol: null, host: null, port: null, path: null, query: null };

const RULES: readonly PlannedRule[] = [
  ruleOf('fixed', 1, prefix('/fixed'), {
    action: { type: 'respond', status: 418, contentType: 'text/x', body: 'short and stout' },
    responseHeaders: [{ operation: 'set', name: 'X-Tls', value: '${tls_version} ${tls_server_name}' }],
  }),
  ruleOf('moved', 2, prefix('/moved'), {
    action: { type: 'redirect', status: 308, ...here, host: 'new.test', path: '/there' },
  }),
  ruleOf('changed', 3, prefix('/changed'), {
    action: forward('other'),
    rewrite: { host: 'inner.test', path: { kind: 'prefix', pattern: '', replacement: '/inner' } },
    requestHeaders: [
      { operation: 'set', name: 'X-Scheme', value: '${protocol}' },
      { operation: 'remove', name: 'X-Secret', value: '' },
    ],
    responseHeaders: [
      { operation: 'set', name: 'X-From', value: 'the rule' },
      { operation: 'remove', name: 'X-Origin', value: '' },
    ],
  }),
  ruleOf('asked', 4, prefix('/asked'), {
    action: forward('other'),
    jwt: {
      keys: JSON.stringify({ keys: [{ kty: 'oct', k: secret.toString('base64url') }] }),
      algorithms: ['HS256'],
      issuer: null,
      audience: null,
      leeway: 0,
      claims: [{ claim: 'sub', header: 'X-User' }],
    },
  }),
  ruleOf('nobody', 5, prefix('/nobody'), { action: forward('empty') }),
];

function token(claims: object): string {
  const data = [{ alg: 'HS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${data.join('.')}.${createHmac('sha256', secret).update(data.join('.')).digest('base64url')}`;
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`rules of an https listener on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    let port = 0;

    const send = async (path: string, options: RequestOptions = {}) => {
      const where = { host: '127.0.0.1', port, path, servername: 'web.test', ca: web.certificate, agent: false };
      const message = request({ ...where, ...options, headers: { host: 'web.test', ...options.headers } });
      message.end();
      const [response] = (await once(message, 'response')) as [IncomingMessage];
      const { statusCode: status, headers, rawHeaders } = response;
      const told = rawHeaders.filter((text) => text.toLowerCase() === 'strict-transport-security').length;
      return { status, headers, told, body: (await bodyOf(response)).toString() };
    };

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      origin = await httpOrigin(({ url, headers }, response) => {
        const to = new URL(url ?? '/', 'http://origin').searchParams.get('to');
        if (to !== null) response.setHeader('Location', to).statusCode = 307;
        response.setHeader('X-Origin', 'seen').end(JSON.stringify({ url, headers }));
      });
      port = await freePort();
      const services = ['svc', 'other'].map((id) => serviceOf([origin.port], { id }));
      const responseHeaders = [
        { operation: 'set', name: 'X-From', value: 'the listener' },
        { operation: 'set', name: 'X-Frame-Options', value: 'DENY' },
      ] as const;
      const page = { status: 417, contentType: 'text/html', body: '<p>lost</p>' };
      const http = {
        ...PLAIN_HTTP,
        hstsMaxAge: 600,
        hstsIncludeSubDomains: true,
        relativeRedirects: true,
        responseHeaders,
        errorPages: [page],
      };
      const listener = httpsListener(port, {}, { serviceId: null, ruleGroupId: 'rules', http });
      const rules = planEntry('rule-group', ruleGroupOf('priority', RULES)) as SharedEntry;
      const change = changeOf([...services, serviceOf([], { id: 'empty' })], [listener]);
      assert.deepEqual(await engine.apply(withShared(change, certificateOf('web', web), rules)), []);
    });

    after(async () => {
      await engine.stop(0);
      await origin.close();
    });

    test('a fixed answer', async () => {
      const { status, headers, told, body } = await send('/fixed');
      assert.deepEqual([status, headers['content-type'], body], [418, 'text/x', 'short and stout']);
      assert.equal(headers['x-tls'], 'TLSv1.3 web.test');
      assert.deepEqual([headers['x-from'], headers['x-frame-options']], ['the listener', 'DENY']);
      assert.deepEqual([headers['strict-transport-security'], told], [HSTS, 1]);
      const head = await send('/fixed', { method: 'HEAD' });
      assert.deepEqual([head.status, head.body, head.told], [418, '', 1]);
    });

    test('a redirect, which keeps the scheme', async () => {
      const { status, headers, told } = await send('/moved?a=1');
      assert.deepEqual([status, headers.location], [308, 'https://new.test/there?a=1']);
      assert.deepEqual([headers['strict-transport-security'], told], [HSTS, 1]);
    });

    test('a request that is sent on, and both heads changed', async () => {
      const { status, headers, told, body } = await send('/changed/x', { headers: { 'x-secret': 'yes' } });
      const seen = JSON.parse(body) as { url: string; headers: Record<string, string> };
      assert.deepEqual([status, seen.url, seen.headers['host']], [200, '/inner/x', 'inner.test']);
      assert.deepEqual([seen.headers['x-scheme'], seen.headers['x-secret']], ['https', undefined]);
      assert.deepEqual([headers['x-from'], headers['x-origin']], ['the rule', undefined]);
      assert.equal(headers['x-frame-options'], 'DENY');
      const redirected = await send('/changed/x?to=http://web.test/next');
      assert.deepEqual([redirected.status, redirected.headers.location], [307, '/next'], 'the client stays with https');
      assert.equal(redirected.headers['x-from'], 'the rule');
      assert.deepEqual([headers['strict-transport-security'], told], [HSTS, 1]);
    });

    test('a token that is asked for', async () => {
      const refused = await send('/asked');
      assert.deepEqual([refused.status, refused.headers['strict-transport-security']], [401, HSTS]);
      const exp = Math.floor(Date.now() / 1_000) + 60;
      const headers = { authorization: `Bearer ${token({ sub: 'ada', exp })}` };
      const { status, body } = await send('/asked', { headers });
      assert.equal(status, 200);
      assert.equal((JSON.parse(body) as { headers: Record<string, string> }).headers['x-user'], 'ada');
    });

    test("the proxy's own errors, with a page and without", async () => {
      for (const [path, status, expected, asked] of [
        ['/nobody', 503, '503 Service Unavailable\n', {}],
        ['/elsewhere', 503, '503 Service Unavailable\n', {}],
        ['/changed', 417, '<p>lost</p>', { expect: 'the impossible' }],
      ] as const) {
        for (const method of status === 417 ? ['GET'] : ['GET', 'HEAD']) {
          const answer = await send(path, { method, headers: asked });
          assert.equal(answer.status, status, path);
          assert.equal(answer.body, method === 'HEAD' ? '' : expected);
          assert.equal(answer.headers['content-length'], String(expected.length));
          assert.deepEqual([answer.headers['strict-transport-security'], answer.told], [HSTS, 1]);
        }
      }
      const { headers } = await send('/nobody');
      assert.equal(headers['retry-after'], '1', 'what the answer says otherwise stays');
    });
  });
}
