import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedMatch, PlannedRule, PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import { createEngine } from '../src/engine/create.ts';
import type { EngineChange, ProxyEngine } from '../src/engine/engine.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { bodyOf, freePort, httpOrigin, type Origin, rawExchange, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

async function send(port: number, path: string, options: RequestOptions = {}, body?: Buffer): Promise<string> {
  const message = request({ host: '127.0.0.1', port, path, ...options });
  message.end(body);
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  return `${response.statusCode} ${response.headers.location ?? (await bodyOf(response)).toString()}`;
}

const prefix = (value: string): Partial<PlannedMatch> => ({ paths: [{ kind: 'prefix', value, ignoreCase: false }] });

const forward = (serviceId: string): PlannedRule['action'] => ({
  type: 'forward',
  services: [{ serviceId, weight: 1 }],
});

function sharedOf(...groups: readonly PlannedRuleGroup[]): Map<string, SharedEntry> {
  const entries = groups.map((group) => planEntry('rule-group', group) as SharedEntry);
  return new Map(entries.map((entry) => [entry.key, entry]));
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`rules that change, on ${reactor}`, () => {
    let engine: ProxyEngine;
    let port: number;
    const origins: Origin[] = [];
    /** Requests for /slow wait here. */
    const held: ServerResponse[] = [];
    let onHeld: (() => void) | null = null;

    const apply = async (change: Partial<EngineChange>) => await engine.apply({ ...changeOf([], []), ...change });
    const rules = (...list: readonly PlannedRule[]) => apply({ shared: sharedOf(ruleGroupOf('stay-in-host', list)) });

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      for (const name of ['a', 'b']) {
        const origin = await httpOrigin(async (incoming, response) => {
          const body = await bodyOf(incoming);
          const text = `${name} ${incoming.url} ${body.length}`;
          if (!incoming.url?.startsWith('/slow')) {
            response.end(text);
            return;
          }
          response.setHeader('x-text', text);
          held.push(response);
          onHeld?.();
        });
        origins.push(origin);
      }
      port = await freePort();
      const services = origins.map((origin, index) => serviceOf([origin.port], { id: 'ab'[index]! }));
      const listener = listenerOf(port, { ruleGroupId: 'rules', serviceId: null });
      const shared = sharedOf(ruleGroupOf('stay-in-host', [ruleOf('a', 1, prefix('/'), { action: forward('a') })]));
      assert.deepEqual(await engine.apply({ ...changeOf(services, [listener]), shared }), []);
    });

    after(async () => {
      await engine.stop(1_000);
      for (const origin of origins) await origin.close();
    });

    test('the next request of a connection is judged by the new rules, one under way is not', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 2 });
      assert.equal(await send(port, '/x', { agent }), '200 a /x 0');
      const slow = send(port, '/slow', { agent });
      while (held.length === 0) {
        await new Promise<void>((resolve) => {
          onHeld = resolve;
        });
      }
      await rules(ruleOf('b', 1, prefix('/'), { action: forward('b') }));
      assert.equal(await send(port, '/x', { agent }), '200 b /x 0');
      held.pop()?.end('still here');
      assert.equal(await slow, '200 still here');
      agent.destroy();
    });

    test('requests are answered by the old rules while thousands of new ones are compiled, and then by those', async () => {
      await rules(ruleOf('a', 1, prefix('/'), { action: forward('a') }));
      const many = Array.from({ length: 5_000 }, (_, i) => {
        return ruleOf(`other-${i}`, i + 2, { hosts: [{ kind: 'exact', value: `host-${i}.example` }] });
      });
      const agent = new Agent({ keepAlive: true });
      const answers: string[] = [];
      let isApplied = false;
      const applied = rules(ruleOf('b', 1, prefix('/'), { action: forward('b') }), ...many).then(() => {
        isApplied = true;
      });
      while (!isApplied) answers.push(await send(port, '/x', { agent }));
      await applied;
      const turn = answers.indexOf('200 b /x 0');
      const [before, after] = turn < 0 ? [answers, []] : [answers.slice(0, turn), answers.slice(turn)];
      assert.ok(before.length > 0, 'none was answered meanwhile');
      assert.ok(before.every((answer) => answer === '200 a /x 0') && after.every((answer) => answer === '200 b /x 0'));
      assert.equal(await send(port, '/x', { agent }), '200 b /x 0');
      assert.equal(await send(port, '/', { agent, headers: { host: 'host-4999.example' } }), '200 other-4999');
      agent.destroy();
    });

    test('a service that comes later serves its rule from then on', async () => {
      await rules(ruleOf('late', 1, prefix('/'), { action: forward('late') }));
      assert.match(await send(port, '/x'), /^503 /);
      const late = serviceOf([origins[0]!.port], { id: 'late' });
      await apply({ services: new Map([['late', late]]) });
      assert.equal(await send(port, '/x'), '200 a /x 0');
      await apply({ services: new Map([['late', null]]) });
      assert.match(await send(port, '/x'), /^503 /);
    });

    test('stay-in-host: 404 where no rule fits, a slash where only that is missing', async () => {
      await rules(
        ruleOf('slash', 1, prefix('/abc/'), { action: forward('a') }),
        ruleOf(
          'host',
          2,
          { hosts: [{ kind: 'exact', value: 'only.here' }], ...prefix('/z') },
          { action: forward('b') },
        ),
      );
      assert.match(await send(port, '/'), /^404 /);
      assert.match(await send(port, '/abc/', { headers: { host: 'only.here' } }), /^404 /);
      assert.equal(await send(port, '/zz', { headers: { host: 'Only.Here.:80' } }), '200 b /zz 0');
      assert.equal(await send(port, '/abc?d'), `301 http://127.0.0.1:${port}/abc/?d`);
      assert.equal(await send(port, '/abc/d'), '200 a /abc/d 0');
      const old = await rawExchange(port, 'GET /abc/ HTTP/1.0\r\n\r\n');
      assert.match(old, /^HTTP\/1.1 200 [\s\S]*a \/abc\/ 0$/);
    });

    test('pipelined requests keep their order, whoever answers them', async () => {
      await rules(
        ruleOf('fixed', 1, prefix('/f'), {
          action: { type: 'respond', status: 200, contentType: 'text/plain', body: 'fixed' },
        }),
        ruleOf('grown', 2, prefix('/g'), {
          action: forward('a'),
          rewrite: { host: 'h', path: { kind: 'prefix', pattern: '', replacement: `/${'r'.repeat(900)}` } },
          requestHeaders: [{ operation: 'set', name: 'X-Filler', value: 'f'.repeat(3_000) }],
          responseHeaders: [{ operation: 'set', name: 'X-Filler', value: 'f'.repeat(3_000) }],
        }),
        ruleOf('rest', 3, prefix('/'), { action: forward('b') }),
      );
      const paths = Array.from({ length: 30 }, (_, index) => `/${'fgx'[index % 3]}${index}`);
      const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
      const text = await rawExchange(port, `${requests}GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      const seen = [...text.matchAll(/(fixed|[ab] \/\S+)(?: 0)?(?=HTTP|$)/g)].map((match) => match[1]);
      const expected = paths.map((path, index) => {
        if (path.startsWith('/f')) return 'fixed';
        return path.startsWith('/g') ? `a /${'r'.repeat(900)}${index}` : `b ${path}`;
      });
      assert.deepEqual(seen, [...expected, 'b /last']);
    });

    test('a head that grows leaves a body of any size and framing whole', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (const size of [1, 10_000, 13_500, 16_000, 16_384, 40_000, 1_000_000]) {
        for (const headers of [{ 'content-length': size }, { 'transfer-encoding': 'chunked' }]) {
          const answer = await send(port, '/g', { method: 'POST', headers, agent }, Buffer.alloc(size));
          assert.equal(answer, `200 a /${'r'.repeat(900)} ${size}`);
        }
      }
      agent.destroy();
      const large = { 'x-large': 'l'.repeat(14_000) };
      assert.match(await send(port, '/g', { headers: large }), /^431 /);
      assert.match(await send(port, '/x', { headers: large }), /^200 /);
    });

    test('a request that came in pieces is judged as a whole', async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      for (const piece of ['GET /f', ' HTTP/1.1\r\nHo', 'st: a\r\nConnection: close\r\n', '\r\n']) {
        socket.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.match((await bodyOf(socket as unknown as IncomingMessage)).toString(), /^HTTP\/1.1 200 OK[\s\S]*fixed$/);
    });

    test('mirrors that refuse, stall or talk nonsense are not noticed', async () => {
      const mute = await tcpOrigin((socket) => socket.pause());
      const mad = await tcpOrigin((socket) => socket.end('what?'));
      const gone = await freePort();
      const mirrors = [mute.port, mad.port, gone].map((target, index) =>
        serviceOf([target], { id: `mirror-${index}` }),
      );
      await apply({ services: new Map(mirrors.map((mirror) => [mirror.service.id, mirror])) });
      for (const { service } of mirrors) {
        const mirror = { serviceId: service.id, percent: 100 };
        await rules(ruleOf('mirrored', 1, prefix('/'), { action: forward('a'), mirror }));
        for (const size of [0, 10, 100_000, 3_000_000]) {
          assert.equal(await send(port, '/m', { method: 'POST' }, Buffer.alloc(size)), `200 a /m ${size}`);
        }
      }
      await rules(ruleOf('rest', 1, prefix('/'), { action: forward('b') }));
      await mute.close();
      await mad.close();
    });

    test('a listener whose rules are not there, or cannot be compiled, is refused', async () => {
      const other = await freePort();
      const listener = listenerOf(other, { id: 'other', ruleGroupId: 'bad' });
      const [refused] = await apply({ listeners: new Map([['other', listener]]) });
      assert.equal(refused?.listenerId, 'other');
      assert.match(refused?.detail ?? '', /rule group bad is not there/);
      const match: Partial<PlannedMatch> = { paths: [{ kind: 'regex', value: '(a)\\1', ignoreCase: false }] };
      const bad = { ...ruleGroupOf('priority', [ruleOf('bad', 1, match)]), id: 'bad' };
      const listeners = new Map([['other', listener]]);
      const [again] = await apply({ shared: sharedOf(bad), listeners });
      assert.match(again?.detail ?? '', /backreferences/);
      const good = { ...ruleGroupOf('priority', [ruleOf('good', 1, prefix('/'))]), id: 'bad' };
      assert.deepEqual(await apply({ shared: sharedOf(good), listeners }), []);
      assert.equal(await send(other, '/'), '200 good');
      // The rules of before stay when new ones are no good.
      await apply({ shared: sharedOf(bad) });
      assert.equal(await send(other, '/'), '200 good');
      await apply({ listeners: new Map([['other', null]]), shared: new Map([['rule-group/bad', null]]) });
    });
  });
}
