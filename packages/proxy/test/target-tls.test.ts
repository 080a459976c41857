import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as connectPlain } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createServer as createTls, type TLSSocket, type TlsOptions } from 'node:tls';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedRule, PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import type { PlannedTargetTls } from '@evenkeel/model/plan/tls.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { MOST_KEPT } from '../src/upstream/kept-connections.ts';
import { freePort, rawExchange } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';
import { authorityOf, withShared } from './tls-plans.ts';

const root = issue({ commonName: 'root', ca: true });
const other = issue({ commonName: 'other', ca: true });
const good = issue({
  commonName: 'inner',
  names: ['inner.test', 'asked.test', '*.many.test'],
  addresses: ['127.0.0.1'],
  issuer: root,
});
const expired = issue({
  names: ['inner.test'],
  issuer: root,
  notBefore: new Date('2020-01-01'),
  notAfter: new Date('2020-02-01'),
});

/** An HTTPS target that says which name it was asked for, and on which of its connections. */
async function target(identity: typeof good, options: TlsOptions = {}) {
  const connections = new Set<unknown>();
  const server = createHttps({ cert: identity.certificate, key: identity.key, ...options }, (request, response) => {
    const socket = request.socket as TLSSocket & { servername?: string | false };
    connections.add(socket);
    const { authorized } = socket;
    request.on('data', () => undefined);
    request.on('end', () =>
      response.end(
        JSON.stringify({ name: socket.servername, version: socket.getProtocol(), authorized, count: connections.size }),
      ),
    );
  });
  server.unref().on('connection', (socket) => socket.unref());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    /** The name that the next connection asks for. */
    async nextName(): Promise<unknown> {
      const [socket] = (await once(server, 'secureConnection')) as [TLSSocket & { servername?: string | false }];
      return socket.servername;
    },
    close: () => server.closeAllConnections(),
  };
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`TLS to targets on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let port: number;

    const plan = async (
      targetPort: number,
      tls: Partial<PlannedTargetTls>,
      authority = root,
      rules: PlannedRuleGroup | null = null,
    ): Promise<void> => {
      const settings: PlannedTargetTls = { authorityId: 'inner', serverName: '', versions: ['1.2', '1.3'], ...tls };
      const listener = listenerOf(port, { ruleGroupId: rules === null ? null : rules.id });
      const change = changeOf([serviceOf([targetPort], { tls: settings })], [listener]);
      const shared = [authorityOf('inner', authority.certificate)];
      if (rules !== null) shared.push(planEntry('rule-group', rules) as SharedEntry);
      assert.deepEqual(await engine.apply(withShared(change, ...shared)), []);
    };
    const ask = async (host = 'asked.test'): Promise<{ status: number; said: Record<string, unknown> }> => {
      const text = await rawExchange(port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      const status = Number(text.split(' ')[1]);
      return { status, said: status === 200 ? JSON.parse(body) : {} };
    };

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      port = await freePort();
    });

    after(() => engine.stop(1_000));

    test('asks for the configured name, else for the host of the request, else for the address', async () => {
      const inner = await target(good);
      await plan(inner.port, { serverName: 'inner.test' });
      assert.deepEqual((await ask()).said.name, 'inner.test');
      await plan(inner.port, {});
      assert.equal((await ask('ASKED.test:8080')).said.name, 'asked.test');
      assert.equal((await ask('inner.test')).said.name, 'inner.test');
      // An address is verified, but not sent.
      assert.deepEqual((await ask('127.0.0.1')).status, 200);
      assert.equal((await ask('stranger.test')).status, 502);
      inner.close();
    });

    test('keeps connections, for requests of the same name only', async () => {
      const inner = await target(good);
      await plan(inner.port, {});
      assert.equal((await ask('asked.test')).said.count, 1);
      assert.equal((await ask('asked.test')).said.count, 1);
      assert.equal((await ask('inner.test')).said.count, 2);
      assert.equal((await ask('asked.test')).said.count, 2);
      inner.close();
    });

    test('asks for the host of each request, however often it has seen the same head', async () => {
      const inner = await target(good);
      await plan(inner.port, {});
      for (let i = 0; i < 40; i++) {
        const { name, count } = (await ask('asked.test')).said;
        assert.deepEqual({ name, count }, { name: 'asked.test', count: 1 }, `request ${i}`);
      }
      inner.close();
    });

    test('keeps a connection however many names other clients ask for', async () => {
      const inner = await target(good);
      await plan(inner.port, {});
      const names = Array.from({ length: MOST_KEPT + 8 }, (_, i) => `n${i}.many.test`);
      const next = names.values();
      const askAll = async (): Promise<void> => {
        for (const name of next) assert.equal((await ask(name)).said.name, name);
      };
      await Promise.all([askAll(), askAll(), askAll(), askAll()]);
      assert.equal((await ask('asked.test')).said.count, names.length + 1);
      assert.equal((await ask('asked.test')).said.count, names.length + 1);
      inner.close();
    });

    test('asks for the host that a rule has put in place of the one that was asked for', async () => {
      const inner = await target(good);
      const action = { type: 'forward' as const, services: [{ serviceId: 'svc', weight: 1 }] };
      const rule = (id: string, priority: number, host: string): PlannedRule =>
        ruleOf(
          id,
          priority,
          { hosts: [{ kind: 'exact', value: `${id}.test` }] },
          { action, rewrite: { host, path: null } },
        );
      const rules = ruleGroupOf('priority', [
        rule('name', 1, 'Inner.test:8443'),
        rule('address', 2, '[::1]'),
        rule('stranger', 3, 'stranger.test'),
      ]);
      await plan(inner.port, {}, root, rules);
      assert.equal((await ask('name.test')).said.name, 'inner.test');
      assert.equal((await ask('asked.test')).said.name, 'asked.test');
      assert.equal((await ask('name.test')).said.count, 2);
      assert.equal((await ask('address.test')).said.name, false);
      assert.equal((await ask('stranger.test')).status, 502);
      inner.close();
    });

    test('asks for the same host where a copy of the request goes', async () => {
      const [inner, copies] = [await target(good), await target(good)];
      const tls: PlannedTargetTls = { authorityId: 'inner', serverName: '', versions: ['1.3'] };
      const services = [serviceOf([inner.port], { tls }), serviceOf([copies.port], { id: 'copies', tls })];
      const action = { type: 'forward' as const, services: [{ serviceId: 'svc', weight: 1 }] };
      const path = { kind: 'whole' as const, pattern: '', replacement: '/longer/than/it/was' };
      for (const [rewrite, asked, name] of [
        [null, 'ASKED.test:80', 'asked.test'],
        [{ host: null, path }, 'n1.many.test', 'n1.many.test'],
        [{ host: 'n2.many.test', path }, 'n3.many.test', 'n2.many.test'],
      ] as const) {
        const rules = ruleGroupOf('priority', [
          ruleOf('copied', 1, {}, { action, rewrite, mirror: { serviceId: 'copies', percent: 100 } }),
        ]);
        const change = changeOf(services, [listenerOf(port, { ruleGroupId: rules.id })]);
        const shared = [authorityOf('inner', root.certificate), planEntry('rule-group', rules) as SharedEntry];
        assert.deepEqual(await engine.apply(withShared(change, ...shared)), []);
        const [copied, { said }] = await Promise.all([copies.nextName(), ask(asked)]);
        assert.deepEqual([said.name, copied], [name, name]);
      }
      inner.close();
      copies.close();
    });

    for (const version of ['1.2', '1.3'] as const) {
      test(`speaks TLS ${version} alone when told so`, async () => {
        const inner = await target(good);
        await plan(inner.port, { serverName: 'inner.test', versions: [version] });
        assert.equal((await ask()).said.version, `TLSv${version}`);
        inner.close();
      });
    }

    test('refuses what is expired, of another name or of another authority, unless nothing is verified', async () => {
      const handshakesFailed = (): number => engine.counters().listeners[0]?.reasons['target-handshake'] ?? 0;
      const before = handshakesFailed();
      const old = await target(expired);
      await plan(old.port, { serverName: 'inner.test' });
      assert.equal((await ask()).status, 502);
      assert.equal(handshakesFailed(), before + 1);
      await plan(old.port, { serverName: 'inner.test', authorityId: null });
      assert.equal((await ask()).status, 200);
      old.close();
      const inner = await target(good);
      await plan(inner.port, { serverName: 'elsewhere.test' });
      assert.equal((await ask()).status, 502);
      await plan(inner.port, { serverName: 'inner.test' }, other);
      assert.equal((await ask()).status, 502);
      // The authority alone changes: new connections are judged by it.
      assert.deepEqual(await engine.apply(withShared(changeOf([], []), authorityOf('inner', root.certificate))), []);
      assert.equal((await ask()).status, 200);
      inner.close();
    });

    test('an answer that is cut off without close_notify does not pass for a whole one', async () => {
      let polite = false;
      const server = createTls({ cert: good.certificate, key: good.key }, (socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => {
          // Its end is the end of the connection; without TLS's own, that may have been anybody's.
          const answer = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it';
          if (polite) socket.end(answer);
          else socket.write(answer, () => raw.get(socket.remotePort ?? 0)?.end());
        });
      });
      const raw = new Map<number, { end(): void }>();
      server.on('connection', (socket) => raw.set(socket.remotePort ?? 0, socket)).unref();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      await plan((server.address() as AddressInfo).port, { serverName: 'inner.test' });
      await assert.rejects(rawExchange(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), { code: 'ECONNRESET' });
      polite = true;
      assert.match(await rawExchange(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /half of it/);
      server.close();
    });

    test('a target that speaks no TLS, or nothing, is a 502 or 504', async () => {
      const garbage = createTls({}).unref();
      garbage.listen(0, '127.0.0.1');
      await once(garbage, 'listening');
      await plan((garbage.address() as AddressInfo).port, { serverName: 'inner.test' });
      assert.equal((await ask()).status, 502);
      garbage.close();
    });

    test('a tunnel wraps what comes in the clear', async () => {
      const server = createTls(
        { cert: good.certificate, key: good.key, allowHalfOpen: true } as TlsOptions,
        (socket) => {
          let text = '';
          socket.on('data', (chunk: Buffer) => {
            text += chunk;
          });
          socket.on('end', () => socket.end(`you said ${text.length}`));
        },
      ).unref();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const own = await freePort();
      const targetPort = (server.address() as AddressInfo).port;
      const tls: PlannedTargetTls = { authorityId: 'inner', serverName: 'inner.test', versions: ['1.3'] };
      const service = serviceOf([targetPort], { id: 'wrapped', protocol: 'tcp', tls });
      const listener = listenerOf(own, { id: 'wrapped', protocol: 'tcp', http: null, serviceId: 'wrapped' });
      assert.deepEqual(await engine.apply(changeOf([service], [listener])), []);
      const socket = connectPlain({ port: own, host: '127.0.0.1', allowHalfOpen: true });
      socket.end(Buffer.alloc(300_000, 'x'));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.equal(answer.toString(), 'you said 300000');
      socket.destroy();
      server.close();
    });
  });
}
