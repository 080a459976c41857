import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { Installation } from './product/installation.ts';
import { httpOrigin, type Origin } from './product/origins.ts';
import { until } from './product/until.ts';

for (const reactor of ['uring', 'portable'] as const) {
  describe(`why a request goes where it goes, and ends as it ends, on ${reactor}`, () => {
    let evenkeel: Installation;
    let origins: Origin[];
    let broken: Origin;
    let vip: string;
    let listenerId: string;
    let serviceId: string;

    before(async () => {
      evenkeel = await Installation.start({ reactor, workers: 2 });
      origins = await Promise.all(['a', 'b', 'c'].map((name) => httpOrigin(name)));
      broken = await httpOrigin('broken', (incoming) => incoming.socket.destroy());
      const healthCheck = { enabled: false };
      const created = await evenkeel.client.createLoadBalancer({
        body: {
          name: 'web',
          backendServices: [
            {
              name: 'web',
              protocol: 'http',
              port: 80,
              healthCheck,
              stickiness: { type: 'cookie', cookieName: 'LB' },
              targets: origins.map(({ address, port }) => ({ address, port })),
            },
            {
              name: 'broken',
              protocol: 'http',
              port: 80,
              healthCheck,
              targets: [{ address: broken.address, port: broken.port }],
            },
          ],
          ruleGroups: [
            {
              name: 'sites',
              rules: [
                {
                  name: 'broken',
                  match: { paths: [{ kind: 'exact', value: '/broken' }] },
                  forward: [{ backendService: 'broken' }],
                },
                { name: 'tea', match: { headers: [{ name: 'x-tea', kind: 'present' }] }, respond: { status: 418 } },
              ],
            },
          ],
          listeners: [
            {
              protocol: 'http',
              port: 8080,
              backendService: 'web',
              ruleGroup: 'sites',
              accessLogFormat: '$status "$request" $request_id $reason',
            },
          ],
        },
      });
      await evenkeel.applied(created);
      vip = created.vip;
      listenerId = (await evenkeel.client.listListeners()).items[0]!.id;
      const services = (await evenkeel.client.listBackendServices()).items;
      serviceId = services.find(({ name }) => name === 'web')!.id;
    });

    after(async () => {
      await evenkeel?.[Symbol.asyncDispose]();
      for (const origin of [...(origins ?? []), broken]) await origin?.[Symbol.asyncDispose]();
    });

    async function get(path: string, headers: Record<string, string> = {}) {
      const sent = request({ host: vip, port: 8080, path, headers, agent: false }).end();
      const [response] = await once(sent, 'response');
      return { status: response.statusCode as number, headers: response.headers, body: await text(response) };
    }

    test('what is explained is what happens: rules, answers, and the target of a cookie', async () => {
      const tea = await evenkeel.client.explain({ query: { listenerId, header: ['X-Tea: green'] } });
      assert.deepEqual([tea.outcome, tea.status, (await get('/', { 'X-Tea': 'green' })).status], ['respond', 418, 418]);
      assert.deepEqual(
        tea.rules.map(({ name, outcome }) => [name, outcome]),
        [
          ['broken', 'no-match'],
          ['tea', 'applies'],
        ],
      );
      for (let i = 0; i < 4; i++) {
        const first = await get('/');
        const [cookie] = (first.headers['set-cookie'] ?? [''])[0]!.split(';');
        const said = await evenkeel.client.explain({ query: { listenerId, cookie: [cookie!] } });
        const chosen = said.service?.targets.find((target) => target.chosen);
        const again = await get('/', { Cookie: cookie! });
        assert.deepEqual([chosen?.port, again.body], [origins['abc'.indexOf(first.body)]!.port, first.body]);
        assert.equal(said.service?.stickiness?.targetId, chosen?.targetId);
        assert.match(chosen?.why ?? '', /not checked/);
      }
      const weights = said(await evenkeel.client.explain({ query: { listenerId, path: '/broken' } }));
      assert.deepEqual(weights, [['broken', true]]);
    });

    function said({ rules, services }: Awaited<ReturnType<Installation['client']['explain']>>) {
      const name = rules.find(({ outcome }) => outcome === 'applies')?.name;
      return services.map(({ chosen }) => [name, chosen]);
    }

    test('by the identifier in an error answer, the reason is found in API and log alike', async () => {
      const failed = await get('/broken');
      const requestId = String(failed.headers['x-request-id']);
      assert.equal(failed.status, 502);
      assert.match(requestId, /^[0-9a-f]{32}$/);
      const params = { requestId };
      // The agent takes lines from the workers every few milliseconds.
      await until('the request is known', () =>
        evenkeel.client.getRequest({ params }).then(
          () => true,
          () => false,
        ),
      );
      const { requests, nodes } = await evenkeel.client.getRequest({ params });
      const [found] = requests;
      assert.deepEqual([requests.length, nodes.length, found?.listenerId, found?.status], [1, 1, listenerId, 502]);
      assert.deepEqual([found?.reason, found?.endedBy], ['target-response-head', 'target']);
      assert.equal(found?.log['target'], `${broken.address}:${broken.port}`);
      const listed = await evenkeel.client.listRequests({ query: { listenerId } });
      assert.ok(listed.requests.some(({ log }) => log['request_id'] === requestId));
      assert.deepEqual(
        listed.requests.filter(({ reason, status }) => reason === 'none' && (status ?? 0) < 500),
        [],
      );
      const line = `502 "GET /broken HTTP/1.1" ${requestId} target-response-head`;
      await until('the line is in the log', async () => {
        const log = await readFile(join(evenkeel.home, 'logs', 'access.log'), 'utf8').catch(() => '');
        return log.split('\n').includes(line);
      });
      await get('/', { 'Content-Length': '0' });
      const traffic = await evenkeel.client.getListenerTraffic({ params: { listenerId } });
      assert.deepEqual(traffic.desync, [{ reason: 'zero-length', count: 1 }]);
      assert.ok(traffic.ended.some(({ reason, count }) => reason === 'target-response-head' && count >= 1));
      const ofService = await evenkeel.client.getBackendServiceTraffic({ params: { backendServiceId: serviceId } });
      const requestsThere = ofService.targets.reduce((sum, { requests }) => sum + requests, 0);
      assert.equal(
        requestsThere,
        origins.reduce((sum, { count }) => sum + count, 0),
      );
    });
  });
}

test('a log on standard output has whole lines, and the agent’s own first one', async () => {
  const agentEnvironment = { EVENKEEL_ACCESS_LOG: 'stdout', EVENKEEL_ACCESS_LOG_FORMAT: 'common' };
  await using evenkeel = await Installation.start({ agentEnvironment });
  await using origin = await httpOrigin('x');
  const lines: string[] = [];
  evenkeel.agent.child.stdout!.on('data', (data) => lines.push(...String(data).split('\n')));
  const created = await evenkeel.client.createLoadBalancer({
    body: {
      name: 'web',
      listeners: [
        {
          protocol: 'http',
          port: 8080,
          service: { healthCheck: { enabled: false }, targets: [{ address: origin.address, port: origin.port }] },
        },
      ],
    },
  });
  await evenkeel.applied(created);
  for (let i = 0; i < 20; i++) await (await fetch(`http://${created.vip}:8080/${i}`)).text();
  const ours = (): string[] => lines.filter((line) => line.includes('GET /'));
  await until('all lines are there', () => ours().length === 20);
  for (const [i, line] of ours().entries()) {
    assert.match(line, new RegExp(`^127\\.0\\.0\\.1 - - \\[[^\\]]+ \\+0000\\] "GET /${i} HTTP/1\\.1" 200 \\d+$`));
  }
});
