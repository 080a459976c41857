import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { Installation } from './product/installation.ts';
import { httpOrigin, type Origin, tcpOrigin } from './product/origins.ts';
import { ask } from './product/traffic.ts';
import { Tunnel } from './product/tunnel.ts';
import { until } from './product/until.ts';

/** Seconds. */
const DRAIN = 1;

for (const reactor of ['uring', 'portable'] as const) {
  describe(`draining on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let evenkeel: Installation;
    let slow: Origin;
    let quick: Origin;
    let echo: Origin;
    let vip: string;
    let groups: ReadonlyMap<string, string>;
    let listeners: ReadonlyMap<string, string>;
    let services: ReadonlyMap<string, string>;
    /** Requests that the slow origin has not answered. */
    const waiting: ServerResponse[] = [];

    before(async () => {
      evenkeel = await Installation.start({ reactor });
      slow = await httpOrigin('slow', (_, response) => waiting.push(response));
      quick = await httpOrigin('quick');
      echo = await tcpOrigin((socket) => socket.pipe(socket));
      const service = (target: Origin, drainTimeout: number) => ({
        drainTimeout,
        healthCheck: { enabled: false },
        targets: [{ address: target.address, port: target.port }],
      });
      const created = await evenkeel.client.createLoadBalancer({
        body: {
          name: 'web',
          listeners: [
            { name: 'patient', protocol: 'http', port: 8080, service: service(slow, 60) },
            { name: 'deleted', protocol: 'http', port: 8081, service: service(slow, 60) },
            { name: 'brief', protocol: 'tcp', port: 8082, service: service(echo, DRAIN) },
            { name: 'watched', protocol: 'http', port: 8084, service: service(slow, 60) },
            { name: 'steady', protocol: 'tcp', port: 8085, service: service(echo, 60) },
            { name: 'abrupt', protocol: 'tcp', port: 8083, service: service(echo, 0) },
          ],
        },
      });
      await evenkeel.applied(created);
      vip = created.vip;
      const ofKind = (kind: string) =>
        new Map(created.created.filter((object) => object.kind === kind).map(({ name, id }) => [name, id] as const));
      groups = ofKind('targetGroup');
      listeners = ofKind('listener');
      services = ofKind('backendService');
    });

    after(async () => {
      await evenkeel?.[Symbol.asyncDispose]();
      for (const origin of [slow, quick, echo]) await origin?.[Symbol.asyncDispose]();
    });

    /** Takes the target away from a group, and puts another one in its place if there is one. */
    async function replaceTarget(group: string, other: Origin | null): Promise<void> {
      const targetGroupId = String(groups.get(group));
      const { items } = await evenkeel.client.listTargets({ params: { targetGroupId } });
      if (other !== null) {
        const body = { targets: [{ address: other.address, port: other.port }] };
        await evenkeel.client.registerTargets({ params: { targetGroupId }, body });
      }
      const targetIds = items.map(({ id }) => id);
      await evenkeel.applied(
        await evenkeel.client.deregisterTargets({ params: { targetGroupId }, body: { targetIds } }),
      );
    }

    /** Resolves when the slow origin has the request; the answer is still to come. */
    async function inFlight(port: number): Promise<{ readonly answer: Promise<string> }> {
      const before = waiting.length;
      const answer = once(get(`http://${vip}:${port}/`, { agent: false }), 'response').then(([response]) =>
        text(response as IncomingMessage),
      );
      answer.catch(() => undefined);
      await until('the request is at the target', () => waiting.length > before);
      return { answer };
    }

    test('a deregistered target finishes what it has, and gets nothing new', async () => {
      const { answer } = await inFlight(8080);
      await replaceTarget('patient', quick);
      const had = slow.count;
      for (let i = 0; i < 10; i++) assert.equal(await ask(`http://${vip}:8080/`), 200);
      assert.equal(slow.count, had);
      waiting.at(-1)?.end('finished');
      assert.equal(await answer, 'finished');
    });

    test('what is under way to a deregistered target shows in the API as it falls', async () => {
      const first = waiting.length;
      const answers = [await inFlight(8084), await inFlight(8084), await inFlight(8084)];
      const backendServiceId = String(services.get('watched'));
      const seen = async () => {
        const { targets } = await evenkeel.client.getBackendServiceTraffic({ params: { backendServiceId } });
        return targets.map(({ draining, activeRequests, address, port }) => {
          return { draining, activeRequests, at: `${address}:${port}` };
        });
      };
      const at = `${slow.address}:${slow.port}`;
      assert.deepEqual(await seen(), [{ draining: false, activeRequests: 3, at }]);
      await replaceTarget('watched', null);
      for (const left of [3, 2, 1]) {
        await until(`${left} are under way`, async () => (await seen())[0]?.activeRequests === left);
        assert.deepEqual(await seen(), [{ draining: true, activeRequests: left, at }]);
        assert.match(String(await ask(`http://${vip}:8084/`)), /^503$/, 'nothing new goes there');
        waiting[first + 3 - left]?.end('finished');
        assert.equal(await answers[3 - left]?.answer, 'finished');
      }
      await until('nothing is', async () => ((await seen())[0]?.activeRequests ?? 0) === 0);
    });

    test('a change of one listener touches no connection of another', async (t) => {
      const others = [await Tunnel.open(vip, 8085), await Tunnel.open(vip, 8085)];
      t.after(() => others.map((tunnel) => tunnel.close()));
      const bytes = Buffer.from('as before');
      const change = listeners.get('patient');
      for (const body of [{ name: 'renamed' }, { idleTimeout: 30 }]) {
        const params = { listenerId: String(change) };
        await evenkeel.applied(await evenkeel.client.updateListener({ params, body }));
        for (const tunnel of others) assert.deepEqual(await tunnel.echo(bytes), bytes, JSON.stringify(body));
      }
      await evenkeel.applied(await evenkeel.client.deleteListener({ params: { listenerId: String(change) } }));
      for (const tunnel of others) assert.deepEqual(await tunnel.echo(bytes), bytes);
    });

    test('a deleted listener finishes what it has, and takes no new connection', async () => {
      const { answer } = await inFlight(8081);
      const listenerId = String(listeners.get('deleted'));
      await evenkeel.applied(await evenkeel.client.deleteListener({ params: { listenerId } }));
      assert.match(String(await ask(`http://${vip}:8081/`)), /ECONNREFUSED/);
      waiting.at(-1)?.end('finished');
      assert.equal(await answer, 'finished');
    });

    test(`a tunnel to a deregistered target is cut after the drain timeout of ${DRAIN} s, not before`, async (t) => {
      const tunnel = await Tunnel.open(vip, 8082);
      t.after(() => tunnel.close());
      const bytes = Buffer.from('still here');
      assert.deepEqual(await tunnel.echo(bytes), bytes);
      const began = performance.now();
      await replaceTarget('brief', null);
      assert.deepEqual(await tunnel.echo(bytes), bytes);
      await until('it is cut', () => tunnel.closed);
      assert.ok(performance.now() - began >= DRAIN * 1000 * 0.9, `after ${performance.now() - began} ms`);
    });

    test('with a drain timeout of 0 a tunnel is cut at once', async (t) => {
      const tunnel = await Tunnel.open(vip, 8083);
      t.after(() => tunnel.close());
      const bytes = Buffer.from('still here');
      assert.deepEqual(await tunnel.echo(bytes), bytes);
      await replaceTarget('abrupt', null);
      await until('it is cut', () => tunnel.closed);
    });
  });
}
