import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { EngineTarget, ProxyEngine } from '../src/engine/engine.ts';
import { bodyOf, freePort, httpOrigin, type Origin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** Enough new connections to come to every worker. */
const MANY = 24;

/** Lives as long as the browser: one with a life of its own is issued anew by the clock, whatever a test is about. */
const COOKIE: PlannedStickiness = {
  type: 'cookie',
  cookieName: 'EK',
  expiry: 0,
  key: Buffer.alloc(32, 5).toString('base64'),
  oldKeys: [],
};

interface Answer {
  readonly status: number;
  /** Name of the origin. */
  readonly by: string;
  /** `name=value` of the load balancer's cookie, when it was set. */
  readonly cookie: string | null;
  readonly setCookies: readonly string[];
}

/** One request on a connection of its own. */
async function send(port: number, cookie: string | null = null, options: RequestOptions = {}): Promise<Answer> {
  const headers = { ...options.headers, connection: 'close', ...(cookie === null ? {} : { cookie }) };
  const message = request({ host: '127.0.0.1', port, ...options, headers });
  message.end();
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  await bodyOf(response);
  const setCookies = response.headers['set-cookie'] ?? [];
  return {
    status: response.statusCode ?? 0,
    by: String(response.headers['x-origin']),
    cookie: setCookies.find((line) => line.startsWith('EK='))?.split(';')[0] ?? null,
    setCookies,
  };
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`stickiness on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let buffers: number;
    let secondNode: ProxyEngine;
    let origins: Origin[];
    let port: number;
    let targets: EngineTarget[];
    const seenCookies: string[] = [];

    before(async () => {
      engine = await createEngine({ workers: 3, reactor });
      buffers = engine.counters().workers[0]!.freeBuffers;
      secondNode = await createEngine({ workers: 1, reactor });
      origins = await Promise.all(
        ['a', 'b', 'c', 'd'].map((name) =>
          httpOrigin((incoming, response) => {
            seenCookies.push(incoming.headers.cookie ?? '');
            const url = new URL(incoming.url ?? '/', 'http://origin');
            response.setHeader('X-Origin', name);
            const sets = url.searchParams.getAll('set');
            if (sets.length > 0) response.setHeader('Set-Cookie', sets);
            response.statusCode = Number(url.searchParams.get('status') ?? 200);
            response.end(response.statusCode === 304 ? undefined : name);
          }),
        ),
      );
      targets = origins.map((origin, index) => targetOf(origin.port, index));
      port = await freePort();
    });

    after(async () => {
      await engine.stop(100);
      await secondNode.stop(100);
      for (const origin of origins) await origin.close();
    });

    function targetOf(own: number, index: number): EngineTarget {
      return {
        id: `tgt-${index}`,
        address: '127.0.0.1',
        port: own,
        weight: 10,
        state: 'active',
        eligible: true,
      };
    }

    /** The service with these targets, and changes to some of them by index. */
    async function run(
      stickiness: PlannedStickiness | null,
      changes: Readonly<Record<number, Partial<EngineTarget> | null>> = {},
      settings: Partial<PlannedService> = {},
    ): Promise<void> {
      const some = targets.flatMap((target, index) => {
        const change = changes[index];
        return change === null ? [] : [{ ...target, ...change }];
      });
      const service = serviceOf(some, { stickiness, ...settings });
      assert.deepEqual(await engine.apply(changeOf([service], [listenerOf(port)])), []);
    }

    /** Sends many and asserts that all are answered by this origin, without a new cookie. */
    async function staysWith(by: string, cookie: string | null, options: RequestOptions = {}): Promise<void> {
      for (let i = 0; i < MANY; i++) {
        const answer = await send(port, cookie, options);
        assert.deepEqual([answer.by, answer.cookie], [by, null]);
      }
    }

    const indexOf = (name: string): number => 'abcd'.indexOf(name);

    test('without stickiness nobody is given a cookie, and nobody stays', async () => {
      await run(null);
      const seen = new Set<string>();
      for (let i = 0; i < 8; i++) {
        const answer = await send(port, 'EK=1');
        seen.add(answer.by);
        assert.deepEqual(answer.setCookies, []);
      }
      assert.equal(seen.size, 4);
    });

    test('by a cookie with a life of its own: honoured by every worker, and by a node that has never seen it', async () => {
      await run({ ...COOKIE, expiry: 3_600_000 });
      const first = await send(port);
      assert.match(first.setCookies[0]!, /^EK=[A-Za-z0-9_-]{36}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/);
      for (let i = 0; i < MANY; i++) assert.equal((await send(port, first.cookie)).by, first.by);
    });

    test('by cookie: given once, honoured by every worker and node, passed on to the target', async () => {
      await run(COOKIE);
      const first = await send(port);
      assert.match(first.setCookies[0]!, /^EK=[A-Za-z0-9_-]{36}; Path=\/; HttpOnly; SameSite=Lax$/);
      await staysWith(first.by, first.cookie);
      assert.equal(seenCookies.at(-1), first.cookie);
      await staysWith(first.by, `theme=dark; ${first.cookie}; lang=de`);
      const other = await freePort();
      // Another node has the same plan and has never seen this client.
      const shuffled = [...targets].reverse();
      await secondNode.apply(changeOf([serviceOf(shuffled, { stickiness: COOKIE })], [listenerOf(other)]));
      for (let i = 0; i < 8; i++) assert.equal((await send(other, first.cookie)).by, first.by);
    });

    test('new clients are spread, and each of them stays', async () => {
      await run(COOKIE);
      const clients = [];
      for (let i = 0; i < 16; i++) clients.push(await send(port));
      const counts = new Map<string, number>();
      for (const { by } of clients) counts.set(by, (counts.get(by) ?? 0) + 1);
      assert.deepEqual([...counts.values()], [4, 4, 4, 4]);
      for (const { by, cookie } of clients) assert.equal((await send(port, cookie)).by, by);
    });

    test('answers of every kind carry the cookie, and nobody else than the target speaks for it', async () => {
      await run(COOKIE);
      for (const path of ['/', '/?status=304', '/?status=404', '/?status=500', '/?set=A%3D1&set=B%3D2']) {
        for (const method of ['GET', 'HEAD', 'POST']) {
          const answer = await send(port, null, { path, method });
          assert.notEqual(answer.cookie, null, `${method} ${path}`);
          await staysWith(answer.by, answer.cookie, { path, method });
        }
      }
      const both = await send(port, null, { path: '/?set=A%3D1&set=B%3D2' });
      assert.deepEqual(both.setCookies.slice(-2), ['A=1', 'B=2']);
      const { cookie } = both;
      await run(COOKIE, { 0: null, 1: null, 2: null, 3: null });
      const refused = await send(port, cookie);
      assert.deepEqual([refused.status, refused.setCookies], [503, []]);
    });

    test('bad cookies are none: forged, foreign, of another key', async () => {
      await run(COOKIE);
      const { cookie, by } = await send(port);
      const others = [
        `EK=${'A'.repeat(36)}`,
        'EK=',
        'EK=tgt-1',
        'EK=127.0.0.1:80',
        `${cookie}A`,
        cookie!.slice(0, -1),
        cookie!.toLowerCase(),
        `XEK=${cookie!.slice(3)}`,
      ];
      for (const other of others) {
        const answer = await send(port, other);
        assert.notEqual(answer.cookie, null, other);
      }
      await run({ ...COOKIE, key: Buffer.alloc(32, 6).toString('base64') });
      assert.notEqual((await send(port, cookie)).cookie, null);
      await run({ ...COOKIE, key: Buffer.alloc(32, 6).toString('base64'), oldKeys: [COOKIE.key] });
      const renewed = await send(port, cookie);
      assert.equal(renewed.by, by);
      assert.notEqual(renewed.cookie, null);
      await staysWith(by, renewed.cookie);
    });

    test('target states: a draining one keeps its clients and gets no others, a disabled one has none', async () => {
      await run(COOKIE);
      const { by, cookie } = await send(port);
      const mine = indexOf(by);
      await run(COOKIE, { [mine]: { state: 'draining' } });
      await staysWith(by, cookie);
      for (let i = 0; i < 12; i++) assert.notEqual((await send(port)).by, by);
      await run(COOKIE, { [mine]: { weight: 0 } });
      await staysWith(by, cookie);
      for (let i = 0; i < 12; i++) assert.notEqual((await send(port)).by, by);
      await run(COOKIE, { [mine]: { state: 'disabled' } });
      const moved = await send(port, cookie);
      assert.notEqual(moved.by, by);
      assert.notEqual(moved.cookie, null);
      await staysWith(moved.by, moved.cookie);
      // The old cookie means its target again as soon as that is back.
      await run(COOKIE);
      await staysWith(by, cookie);
    });

    test('a cookie is issued again when its target is gone, unhealthy or dead', async () => {
      for (const change of [null, { eligible: false }, { eligible: false, state: 'draining' as const }]) {
        await run(COOKIE);
        const { by, cookie } = await send(port);
        await run(COOKIE, { [indexOf(by)]: change });
        const moved = await send(port, cookie);
        assert.notEqual(moved.by, by);
        assert.notEqual(moved.cookie, null);
        await staysWith(moved.by, moved.cookie);
      }
      await run(COOKIE);
      const { by, cookie } = await send(port);
      await run(COOKIE, { [indexOf(by)]: { port: await freePort() } });
      const moved = await send(port, cookie);
      assert.deepEqual([moved.status, moved.by === by], [200, false]);
      assert.notEqual(moved.cookie, null);
      // With nobody healthy, health counts for nothing.
      await run(COOKIE, Object.fromEntries(targets.map((_, index) => [index, { eligible: false }])));
      await staysWith(by, cookie);
    });

    test('all targets draining: their clients are served, others are turned away', async () => {
      await run(COOKIE);
      const { by, cookie } = await send(port);
      await run(COOKIE, Object.fromEntries(targets.map((_, index) => [index, { state: 'draining' as const }])));
      await staysWith(by, cookie);
      assert.equal((await send(port)).status, 503);
    });

    test('by the targets’ own cookie: each value belongs to who gave it, on all workers', async () => {
      const own: PlannedStickiness = { type: 'application-cookie', cookieName: 'SID', timeout: 60_000 };
      await run(own);
      const sessions = [];
      for (let i = 0; i < 12; i++) {
        const path = `/?set=${encodeURIComponent(`SID=session-${i}-${reactor}; Path=/`)}`;
        const { by, cookie } = await send(port, null, { path });
        assert.equal(cookie, null);
        sessions.push({ by, sid: `SID=session-${i}-${reactor}` });
      }
      assert.equal(new Set(sessions.map(({ by }) => by)).size, 4);
      for (let round = 0; round < 6; round++) {
        for (const { by, sid } of sessions) assert.equal((await send(port, `a=b; ${sid}`)).by, by);
      }
      // Its target hands out another value, as after a login: both belong there.
      const { by, sid } = sessions[0]!;
      const path = `/?set=${encodeURIComponent(`SID=after-${reactor}`)}`;
      assert.equal((await send(port, sid, { path })).by, by);
      assert.equal((await send(port, `SID=after-${reactor}`)).by, by);
      await run(own, { [indexOf(by)]: { state: 'disabled' } });
      const moved = await send(port, sid);
      assert.notEqual(moved.by, by);
      await staysWith(moved.by, sid);
    });

    test('a value that nobody has seen belongs to one target all the same, on every node', async () => {
      const own: PlannedStickiness = { type: 'application-cookie', cookieName: 'SID', timeout: 60_000 };
      await run(own);
      const other = await freePort();
      await secondNode.apply(changeOf([serviceOf(targets, { stickiness: own })], [listenerOf(other)]));
      const seen = new Set<string>();
      for (let i = 0; i < 16; i++) {
        const { by } = await send(port, `SID=unknown-${i}`);
        seen.add(by);
        assert.equal((await send(port, `SID=unknown-${i}`)).by, by);
        assert.equal((await send(other, `SID=unknown-${i}`)).by, by);
      }
      assert.ok(seen.size > 1);
      assert.equal((await send(port, 'SID=')).status, 200);
    });

    test('by address: the same target for all connections of a client, whatever becomes of others', async () => {
      const byAddress: PlannedStickiness = { type: 'source-ip', timeout: 60_000 };
      // Least connections, which alone would spread a client over all.
      await run(byAddress, { 3: null }, { algorithm: 'least-connections' });
      const clients: { readonly localAddress: string; readonly by: string }[] = [];
      for (let i = 1; i <= 40; i++) {
        const localAddress = `127.0.2.${i}`;
        clients.push({ localAddress, by: (await send(port, null, { localAddress })).by });
      }
      const counts = new Map<string, number>();
      for (const { by } of clients) counts.set(by, (counts.get(by) ?? 0) + 1);
      assert.equal(counts.size, 3);
      const check = async (): Promise<void> => {
        for (const { localAddress, by } of clients) assert.equal((await send(port, null, { localAddress })).by, by);
      };
      await check();
      // One comes, weights change, another algorithm: nobody who is known moves.
      await run(byAddress, { 0: { weight: 1 } });
      await check();
      await run(byAddress, { 0: { state: 'draining' }, 1: { weight: 0 } });
      await check();
      const news = new Set<string>();
      for (let i = 1; i <= 20; i++) news.add((await send(port, null, { localAddress: `127.0.3.${i}` })).by);
      assert.deepEqual([...news].sort(), ['c', 'd']);
      await run(byAddress, { 0: { state: 'disabled' } });
      for (const { localAddress, by } of clients) {
        const now = (await send(port, null, { localAddress })).by;
        assert.equal(now === by, by !== 'a');
      }
    });

    test('by address: clients follow the weights, and are forgotten after their time', async () => {
      const byAddress = { type: 'source-ip', timeout: 1_200 } as const;
      await run(byAddress, { 0: { weight: 90 }, 1: { weight: 10 }, 2: null, 3: null });
      let heavy = 0;
      for (let i = 1; i <= 100; i++) {
        if ((await send(port, null, { localAddress: `127.0.4.${i}` })).by === 'a') heavy++;
      }
      assert.ok(heavy >= 80 && heavy < 100, `${heavy} of 100 came to the target with nine tenths of the weight`);
      const localAddress = '127.0.5.1';
      // Each request gives it its time again; begun anew where the machine takes longer than that for one.
      for (let visits = 0; visits < 4; ) {
        await run(byAddress, { 1: null, 2: null, 3: null });
        let asked = performance.now();
        assert.equal((await send(port, null, { localAddress })).by, 'a');
        await run(byAddress, { 0: { state: 'draining' } });
        for (visits = 1; visits < 4; visits++) {
          await new Promise((resolve) => setTimeout(resolve, 500));
          const since = asked;
          asked = performance.now();
          const { by } = await send(port, null, { localAddress });
          if (performance.now() - since >= byAddress.timeout) break;
          assert.equal(by, 'a');
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 1_300));
      assert.notEqual((await send(port, null, { localAddress })).by, 'a');
    });

    test('no buffer is left behind', async () => {
      const held = (): number[] => engine.counters().workers.map(({ freeBuffers }) => freeBuffers);
      // The workers write it down now and then.
      while (held().some((free) => free !== buffers)) await new Promise((resolve) => setTimeout(resolve, 20));
    });
  });
}
