import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import { networkKey } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER, GONE } from '@evenkeel/model/block-list/prefix-table.ts';
import { DENY_LISTS } from '@evenkeel/model/plan/block-list.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedSourceRule } from '@evenkeel/model/plan/sources.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { EngineService, ProxyEngine } from '../src/engine/engine.ts';
import { freePort, type Origin, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** Who asks: both are addresses of this machine. */
const FRIEND = '127.0.0.5';
const STRANGER = '127.0.0.6';

const allow = (source: string, more: Partial<PlannedSourceRule> = {}): PlannedSourceRule => ({
  priority: 50,
  allows: true,
  protocol: 'all',
  firstPort: 0,
  lastPort: 65_535,
  source,
  ...more,
});

function group(id: string, ...rules: PlannedSourceRule[]): [string, SharedEntry] {
  const key = `security-group/${id}`;
  return [key, { key, kind: 'security-group', hash: JSON.stringify(rules), value: { id, rules } }];
}

/** A TLS record that begins a handshake, which is all that these listeners are sent. */
const HELLO = Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0]);

for (const reactor of ['uring', 'portable'] as const) {
  describe(`who may connect, on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    let service: EngineService;
    const sockets = new Set<Socket>();

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      origin = await tcpOrigin((socket) => socket.pipe(socket));
      service = serviceOf([origin.port], { protocol: 'tcp', drainTimeout: 100 });
    });
    afterEach(() => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    });
    after(async () => {
      await engine.stop(1_000);
      await origin.close();
    });

    async function plan(listeners: readonly PlannedListener[], groups: readonly [string, SharedEntry][] = []) {
      const change = changeOf([service], listeners);
      const refused = await engine.apply({ ...change, shared: new Map(groups) });
      assert.deepEqual(refused, []);
    }
    const tcp = (port: number, more: Partial<PlannedListener> = {}) =>
      listenerOf(port, { ...PLAIN_TCP_LISTENER, protocol: 'tcp', id: `lsn-${port}`, ...more });
    const countersOf = (id: string) => engine.counters().listeners.find(({ listenerId }) => listenerId === id)!;

    /** What a source that asks gets: its own words, or `reset`. */
    async function ask(port: number, localAddress: string, words: string | Buffer = 'hello'): Promise<string> {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      sockets.add(socket);
      socket.on('connect', () => socket.write(words));
      return new Promise((resolve) => {
        socket.on('data', (data) => resolve(data.toString('latin1')));
        socket.on('error', () => resolve('reset'));
        socket.on('end', () => resolve('end'));
      });
    }

    for (const [what, more] of [
      ['tcp', {}],
      ['http', { protocol: 'http', http: listenerOf(1).http }],
      ['tcp that waits for a server name', { serverNames: [{ name: 'a', serviceId: 'svc' }] }],
      ['tcp behind a proxy that announces its clients', { acceptProxyProtocol: true, trustedProxies: ['127.0.0.0/8'] }],
    ] as const) {
      it(`${what}: a stranger is reset before a byte is read, and counted`, async () => {
        const port = await freePort();
        const id = `lsn-${port}`;
        await plan([tcp(port, { ...more, securityGroups: ['friends'] })], [group('friends', allow(FRIEND))]);
        // A listener that reads would answer a request for http.
        assert.equal(await ask(port, STRANGER, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 'reset');
        const { refused, connections, reasons, activeConnections, bytesReceived } = countersOf(id);
        assert.deepEqual({ ...refused }, { 'security-group': 1 });
        assert.deepEqual([connections, reasons['proxy-accept'], activeConnections, bytesReceived], [1, 1, 0, 0]);
        await plan([tcp(port, { ...more, allowedSources: ['127.0.0.5/32'] })]);
        assert.equal(await ask(port, STRANGER, HELLO), 'reset');
        assert.deepEqual({ ...countersOf(id).refused }, { 'security-group': 1, 'allowed-sources': 1 });
        await engine.apply(changeOf([], [], { listeners: [id] }));
      });
    }

    it('those that are allowed are let in, and who is there stays when the rules change', async () => {
      const port = await freePort();
      await plan([tcp(port, { securityGroups: ['a'] })], [group('a', allow(FRIEND))]);
      const socket = connect({ port, host: '127.0.0.1', localAddress: FRIEND });
      sockets.add(socket);
      socket.write('one');
      assert.equal(String((await once(socket, 'data'))[0]), 'one');
      await plan([], [group('a', allow(FRIEND, { allows: false, priority: 1 }), allow('127.0.0.0/8'))]);
      assert.equal(await ask(port, FRIEND), 'reset');
      assert.equal(await ask(port, STRANGER), 'hello');
      socket.write('two');
      assert.equal(String((await once(socket, 'data'))[0]), 'two');
      await engine.apply(changeOf([], [], { listeners: [`lsn-${port}`] }));
    });

    it('a block list is in force without a change of the plan, and what is over in it is over by itself', async () => {
      const port = await freePort();
      const foreign = await freePort();
      const id = `lsn-${port}`;
      await plan([tcp(port), tcp(foreign, { tenantId: 'another' })]);
      assert.equal(await ask(port, STRANGER), 'hello');
      const list = new BlockTable({ seed: 7, isShared: true });
      const now = Math.floor(Date.now() / 1_000);
      const block = (address: string, until: number) => {
        const { key, length } = networkKey(address)!;
        list.put(key, length, until, now);
      };
      block('127.0.0.6/31', FOR_EVER);
      block(FRIEND, now - 1);
      await engine.apply({ ...changeOf([], []), blockLists: new Map([[DEFAULT_TENANT.id, list.memory]]) });
      assert.equal(await ask(port, STRANGER), 'reset');
      assert.equal(await ask(port, FRIEND), 'hello');
      assert.equal(await ask(foreign, STRANGER), 'hello', 'the list of another tenant');
      assert.deepEqual({ ...countersOf(id).refused }, { 'block-list': 1 });
      block(FRIEND, now + 60);
      assert.equal(await ask(port, FRIEND), 'reset');
      block('127.0.0.6/31', GONE);
      assert.equal(await ask(port, STRANGER), 'hello');
      await plan([tcp(port, { acceptProxyProtocol: true, trustedProxies: [STRANGER] })]);
      assert.equal(await ask(port, STRANGER, 'PROXY TCP4 127.0.0.5 127.0.0.1 1 2\r\nhello'), 'reset', 'announced');
      assert.equal(await ask(port, STRANGER, 'PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\nhello'), 'hello');
      const empty = new BlockTable({ seed: 7, isShared: true });
      await engine.apply({ ...changeOf([], []), blockLists: new Map([[DEFAULT_TENANT.id, empty.memory]]) });
      await engine.apply(changeOf([], [], { listeners: [id, `lsn-${foreign}`] }));
    });

    it('the deny list is in force on all listeners of all tenants, and who is open goes on', async () => {
      const port = await freePort();
      const foreign = await freePort();
      await plan([tcp(port), tcp(foreign, { tenantId: 'another' })]);
      const open = connect({ port, host: '127.0.0.1', localAddress: STRANGER });
      sockets.add(open);
      // It is cut when its listener has gone.
      open.on('error', () => undefined);
      open.write('one');
      assert.equal(String((await once(open, 'data'))[0]), 'one');
      const now = Math.floor(Date.now() / 1_000);
      const listOf = (...entries: readonly string[]) => {
        const list = new BlockTable({ seed: 7, isShared: true });
        for (const { key, length } of entries.map((entry) => networkKey(entry)!)) list.put(key, length, FOR_EVER, now);
        return list.memory;
      };
      const deny = (denied: readonly string[], allowed: readonly string[]) => {
        const lists = [listOf(...denied), listOf(...allowed)] as const;
        const blockLists = new Map([
          [DENY_LISTS.denied, lists[0]],
          [DENY_LISTS.allowed, lists[1]],
        ]);
        return engine.apply({ ...changeOf([], []), blockLists });
      };
      await deny(['127.0.0.0/8'], [FRIEND]);
      assert.deepEqual([await ask(port, STRANGER), await ask(foreign, STRANGER)], ['reset', 'reset']);
      assert.deepEqual([await ask(port, FRIEND), await ask(port, '127.0.0.1')], ['hello', 'hello']);
      assert.deepEqual({ ...countersOf(`lsn-${port}`).refused }, { 'deny-list': 1 });
      const before = engine.deniedSources();
      assert.ok(before >= 2, `${before}`);
      open.write('two');
      assert.equal(String((await once(open, 'data'))[0]), 'two');
      await plan([tcp(port, { acceptProxyProtocol: true, trustedProxies: [FRIEND] })]);
      assert.equal(await ask(port, FRIEND, 'PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\nhello'), 'reset', 'announced');
      await deny([], []);
      assert.equal(await ask(foreign, STRANGER), 'hello');
      await engine.apply(changeOf([], [], { listeners: [`lsn-${port}`, `lsn-${foreign}`] }));
    });

    it('datagrams of strangers are lost, and counted', async () => {
      const port = await freePort();
      const target = createSocket('udp4');
      target.on('message', (message, from) => target.send(message, from.port, from.address));
      target.bind(0, '127.0.0.1');
      await once(target, 'listening');
      const udp = serviceOf([target.address().port], { id: 'udp', protocol: 'udp' });
      const listener = tcp(port, { protocol: 'udp', serviceId: 'udp', securityGroups: ['u'] });
      const groups = [group('u', allow('127.0.0.0/8', { protocol: 'tcp' }), allow(FRIEND, { protocol: 'udp' }))];
      await engine.apply({ ...changeOf([udp], [listener]), shared: new Map(groups) });
      const say = async (address: string) => {
        const client = createSocket('udp4');
        client.bind(0, address);
        await once(client, 'listening');
        client.send('hello', port, '127.0.0.1');
        return client;
      };
      const [stranger, friend] = [await say(STRANGER), await say(FRIEND)];
      try {
        assert.equal(String((await once(friend, 'message'))[0]), 'hello');
        while (countersOf(listener.id).datagrams.lost === 0) await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual({ ...countersOf(listener.id).refused }, { 'security-group': 1 });
      } finally {
        for (const socket of [stranger, friend, target]) socket.close();
        await engine.apply(changeOf([], [], { listeners: [listener.id], services: ['udp'] }));
      }
    });
  });
}
