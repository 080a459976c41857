import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type PlannedRate, type PlannedSourceLimits, STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { composeV2 } from '../src/source-address/proxy-protocol/compose.ts';
import { httpOrigin, type Origin } from './exchange.ts';
import { Front, statusesIn } from './front.ts';

const ask = (fields = '') => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const LAST = ask('Connection: close\r\n');
/** So slow that no test lasts long enough for another one. */
const of = (burst: number): PlannedRate => ({ perSecond: 1, burst });
const limited = (
  limits: Partial<PlannedSourceLimits>,
  more: Partial<PlannedListener> = {},
): Partial<PlannedListener> => ({
  sourceLimits: { connections: null, requests: null, packets: null, ...limits },
  ...more,
});
const announced = (address: string) =>
  composeV2({ remoteAddress: address, remotePort: 9, localAddress: '127.0.0.1', localPort: 80 }, null, false);

for (const reactor of ['uring', 'portable'] as const) {
  describe(`limits of sources on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let front: Front;
    let origin: Origin;
    const count = (name: string) => front.counters.limits[name] ?? 0;

    before(async () => {
      front = await Front.open(reactor);
      origin = await httpOrigin((_request, response) => response.end('ok'));
    });

    after(async () => {
      await front.engine.stop(1_000);
      await origin.close();
    });

    /** Has been let through: the burst, and one for each second since `started`, however slow the machine is. */
    function assertLetThrough(count: number, burst: number, started: number): void {
      const most = burst + 1 + (performance.now() - started) / 1_000;
      assert.ok(count >= burst && count <= most, `${count} of a burst of ${burst}`);
    }

    /** Statuses of requests that are sent on one connection; none: it was reset. */
    const talk = async (from: string, ...requests: readonly string[]) => {
      const bytes = requests.join('');
      return statusesIn(await front.talk(bytes, { from }).catch(() => ''));
    };
    const times = (count: number, request: string) => Array.from({ length: count }, () => request);

    it('connections beyond the burst are reset, those of others are not', async () => {
      const started = performance.now();
      await front.plan([origin.port], limited({ connections: of(2) }));
      const answers = await Promise.all(times(20, LAST).map((request) => talk('127.0.0.2', request)));
      assertLetThrough(answers.filter(([status]) => status === 200).length, 2, started);
      assert.deepEqual(await talk('127.0.0.3', LAST), [200]);
      assert.equal(count('source-connections-per-second'), answers.filter((answer) => answer.length === 0).length);
      assert.ok(front.counters.reasons['proxy-accept']! >= 1);
    });

    it('requests beyond the burst get 429, and the connection stays', async () => {
      const started = performance.now();
      await front.plan([origin.port], limited({ requests: of(3) }));
      const text = await front.talk(times(20, ask()).join('') + LAST, { from: '127.0.0.4' });
      const statuses = statusesIn(text);
      assert.deepEqual([statuses.length, new Set(statuses)], [21, new Set([200, 429])]);
      assertLetThrough(statuses.filter((status) => status === 200).length, 3, started);
      assert.match(text, /429 [^\r]*\r\n(?:[^\r]+\r\n)*Retry-After: 1\r\n/);
      assert.deepEqual(await talk('127.0.0.5', LAST), [200]);
      const refused = (await front.lines(22)).find(({ status }) => status === 429);
      assert.deepEqual([refused!['limit'], refused!['reason']], ['source-requests-per-second', 'proxy-request-head']);
    });

    it('behind a trusted proxy the clients are limited, and not the proxy', async () => {
      const started = performance.now();
      const rates = { connections: of(1), requests: of(1) };
      await front.plan([origin.port], limited(rates, { trustedProxies: ['127.0.0.6'] }));
      const by = (client: string) => ask(`X-Forwarded-For: ${client}\r\n`);
      const many = [
        ...times(10, by('192.0.2.1')),
        by('192.0.2.2'),
        by('2001:db8::1'),
        ...times(9, by('2001:db8::2:1')),
      ];
      const statuses = await talk('127.0.0.6', ...many, LAST);
      assert.equal(statuses.length, 22);
      assertLetThrough(statuses.slice(0, 10).filter((status) => status === 200).length, 1, started);
      assert.deepEqual(statuses.slice(10, 12), [200, 200]);
      assertLetThrough(statuses.slice(11, 21).filter((status) => status === 200).length, 1, started);
      for (let i = 0; i < 3; i++) assert.equal((await talk('127.0.0.6', LAST)).length, 1, 'a connection of the proxy');
    });

    it('clients that are announced by the PROXY protocol have their own limit', async () => {
      const started = performance.now();
      const proxies = { acceptProxyProtocol: true, trustedProxies: ['127.0.0.7'] };
      // A place that were not given back would turn away whoever comes next.
      const limits = { ...STANDARD_LIMITS, connections: 1 };
      await front.plan([origin.port], limited({ connections: of(1) }, { ...proxies, limits }));
      const announcedTalk = async (client: string) => {
        while (front.counters.activeConnections > 0) await new Promise((resolve) => setTimeout(resolve, 1));
        const bytes = Buffer.concat([announced(client), Buffer.from(LAST)]);
        return statusesIn(await front.talk(bytes, { from: '127.0.0.7' }).catch(() => ''));
      };
      let letThrough = 0;
      for (let i = 0; i < 8; i++) letThrough += (await announcedTalk('192.0.2.9')).length;
      assertLetThrough(letThrough, 1, started);
      assert.deepEqual(await announcedTalk('192.0.2.10'), [200]);
    });

    it('a limit that is taken away is none, and another one begins anew', async () => {
      const from = '127.0.0.8';
      await front.plan([origin.port], limited({ requests: of(1) }));
      assert.ok((await talk(from, ...times(10, ask()), LAST)).includes(429));
      await front.plan([origin.port], {});
      assert.deepEqual(await talk(from, ask(), LAST), [200, 200]);
      await front.plan([origin.port], limited({ requests: of(2) }));
      assert.deepEqual(await talk(from, ask(), LAST), [200, 200]);
    });
  });
}
