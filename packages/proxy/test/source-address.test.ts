import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { withoutPrivileges } from '../src/reactor/contract/available.ts';
import { composeV1, composeV2, LOCAL_V1, LOCAL_V2 } from '../src/source-address/proxy-protocol/compose.ts';
import { ProxyHeaderReader } from '../src/source-address/proxy-protocol/header-reader.ts';
import { freePort, httpOrigin, type Origin, tcpOrigin } from './exchange.ts';
import { Front, statusesIn } from './front.ts';

const ALL = {
  ...PLAIN_HTTP,
  forwarding: {
    clientAddress: 'append',
    protocol: true,
    port: true,
    host: true,
    loadBalancerAddress: true,
    clientPort: true,
    standard: true,
  },
} as const;

const TCP = { protocol: 'tcp', ...PLAIN_TCP_LISTENER } as const;
const ENDS = { remoteAddress: '192.0.2.7', remotePort: 40_123, localAddress: '198.51.100.80', localPort: 443 };
const GET = 'GET /x HTTP/1.1\r\nHost: a.test\r\n';

/** What a target is told first on each connection: its PROXY header, and the text behind it. */
interface Hello {
  readonly ends: string;
  text: string;
  readonly remoteAddress: string;
}

/** A target that wants a PROXY header and answers each request, or line, with what the header said. */
async function announcedOrigin(hellos: Hello[]): Promise<Origin> {
  return tcpOrigin((socket: Socket) => {
    const reader = new ProxyHeaderReader();
    let bytes = Buffer.alloc(0);
    let hello: Hello | null = null;
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      if (hello === null) {
        const length = reader.read(bytes, 0, bytes.length);
        if (length === 0) return;
        const { source, sourcePort, destination, destinationPort } = reader;
        const said = reader.announced ? `${source}:${sourcePort} ${destination}:${destinationPort}` : 'own';
        hello = { ends: length < 0 ? 'malformed' : said, text: '', remoteAddress: String(socket.remoteAddress) };
        hellos.push(hello);
        bytes = bytes.subarray(Math.max(0, length));
      }
      hello.text += bytes.toString('latin1');
      const requests = bytes.toString('latin1').split('\r\n\r\n').length - 1;
      bytes = Buffer.alloc(0);
      const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${hello.ends.length}\r\n\r\n${hello.ends}`;
      if (requests > 0) socket.write(answer.repeat(requests));
    });
    socket.on('end', () => socket.end());
  });
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`source addresses on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let front: Front;
    let origin: Origin;
    const seen: IncomingMessage[] = [];
    before(async () => {
      front = await Front.open(reactor);
      origin = await httpOrigin((request, response) => {
        seen.push(request);
        response.end('ok');
      });
    });
    after(async () => {
      await front.engine.stop(1_000);
      await origin.close();
    });

    describe('forwarded fields', () => {
      it('tell of a client without trust what is true, and are what is logged', async () => {
        await front.plan([origin.port], { http: ALL, trustedProxies: ['127.9.0.0/16'] });
        seen.length = 0;
        await front.talk(`${GET}X-Forwarded-For: 203.0.113.1\r\nForwarded: for=x\r\n\r\n`, {
          from: '127.8.0.1',
          end: true,
        });
        const [line] = await front.lines(1);
        const { headers } = seen[0]!;
        assert.equal(headers['x-forwarded-for'], '127.8.0.1');
        assert.equal(line?.['client_ip'], '127.8.0.1');
        assert.equal(headers['x-forwarded-client-port'], String(line['client_port']));
        assert.equal(headers['x-forwarded-lbip'], line['vip']);
        assert.equal(headers['x-forwarded-port'], String(front.port));
        assert.equal(headers['x-forwarded-proto'], 'http');
        assert.equal(headers['x-forwarded-host'], 'a.test');
        assert.equal(headers.forwarded, `by=127.0.0.1;for="127.8.0.1:${line['client_port']}";proto=http;host="a.test"`);
      });

      it('go on behind a trusted proxy, request by request, and so does the log', async () => {
        await front.plan([origin.port], { http: ALL, trustedProxies: ['127.9.0.0/16'] });
        seen.length = 0;
        const clients = ['192.0.2.1', '192.0.2.2', '192.0.2.2', '203.0.113.9, 2001:db8::7'];
        const requests = clients.map((client) => `${GET}X-Forwarded-For: ${client}\r\n\r\n`);
        await front.talk(`${requests.join('')}${GET}\r\nGET nonsense\r\n\r\n`, { from: '127.9.0.1', end: true });
        const lines = await front.lines(6);
        assert.deepEqual(
          lines.map((line) => line['client_ip']),
          ['192.0.2.1', '192.0.2.2', '192.0.2.2', '2001:db8::7', '127.9.0.1', '127.9.0.1'],
        );
        assert.deepEqual(
          seen.map(({ headers }) => headers['x-forwarded-for']),
          [...clients.map((client) => `${client}, 127.9.0.1`), '127.9.0.1'],
        );
      });

      it('find room in another buffer when Host is long, with the body behind the head', async () => {
        await front.plan([origin.port], { http: ALL });
        seen.length = 0;
        const host = 'x'.repeat(3_000);
        const body = 'y'.repeat(4_000);
        const head = `POST /x HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n`;
        const text = await front.talk(`${head}${body}${head}${body}`, { end: true });
        assert.deepEqual(statusesIn(text), [200, 200]);
        const [line] = await front.lines(2);
        assert.deepEqual(
          seen.map(({ headers }) => headers['x-forwarded-host'] === host),
          [true, true],
        );
        assert.deepEqual([line?.['method'], line?.['uri'], line?.['status']], ['POST', '/x', 200]);
        const tooLong = await front.talk(`GET /x HTTP/1.1\r\nHost: ${'x'.repeat(12_000)}\r\n\r\n`, { end: true });
        assert.deepEqual(statusesIn(tooLong), [431]);
      });
    });

    describe('PROXY protocol from clients', () => {
      const announced = { trustedProxies: ['127.9.0.0/16'], acceptProxyProtocol: true };
      const request = `${GET}\r\n`;
      for (const [name, header, address, port] of [
        ['version 1', composeV1(ENDS), '192.0.2.7', 40_123],
        ['version 2', composeV2(ENDS, null), '192.0.2.7', 40_123],
        ['UNKNOWN', LOCAL_V1, '127.9.0.1', null],
        ['LOCAL', LOCAL_V2, '127.9.0.1', null],
      ] as const) {
        it(`is read in ${name}, at once and a byte at a time`, async () => {
          await front.plan([origin.port], { ...announced, http: ALL });
          seen.length = 0;
          const whole = Buffer.concat([header, Buffer.from(request)]);
          for (const pieces of [[whole], Array.from(whole, (byte) => Uint8Array.of(byte))]) {
            const text = await front.talk('', { from: '127.9.0.1', pieces, end: true });
            assert.deepEqual(statusesIn(text), [200]);
            const [line] = await front.lines(1);
            assert.equal(line?.['client_ip'], address);
            if (port !== null) assert.equal(line['client_port'], port);
            assert.equal(line['vip'], port === null ? '127.0.0.1' : '198.51.100.80');
          }
          assert.deepEqual(
            seen.map(({ headers }) => headers['x-forwarded-for']),
            [address, address],
          );
        });
      }

      it('is missed from nobody without trust', async () => {
        await front.plan([origin.port], announced);
        assert.deepEqual(statusesIn(await front.talk(request, { from: '127.8.0.1', end: true })), [200]);
        await front.lines(1);
        const liar = await front.talk(`${Buffer.from(composeV1(ENDS))}${request}`, { from: '127.8.0.1', end: true });
        assert.deepEqual(statusesIn(liar), [400]);
        assert.equal((await front.lines(1))[0]?.['client_ip'], '127.8.0.1');
      });

      it('ends the connection of a proxy that does not send it, sends another thing or takes too long', async () => {
        await front.plan([origin.port], { ...announced, headerTimeout: 300 });
        const before = front.counters;
        for (const pieces of [[request], ['PROXY TCP4 1.2.3.4'], [composeV2(ENDS, null).fill(9, 12, 13)], ['']]) {
          assert.equal(await front.talk('', { from: '127.9.0.1', pieces }), '');
          const [line] = await front.lines(1);
          assert.equal(line?.['reason'], 'client-connect');
          assert.equal(line['client_ip'], '127.9.0.1');
        }
        assert.equal(await front.talk('PROXY', { from: '127.9.0.1', end: true }), '');
        await front.lines(1);
        assert.equal((front.counters.reasons['client-connect'] ?? 0) - (before.reasons['client-connect'] ?? 0), 5);
        assert.equal(front.counters.activeConnections, 0);
      });
    });

    describe('PROXY protocol to targets', () => {
      for (const version of [1, 2] as const) {
        it(`version ${version}: a connection tells of one client and carries no other one's requests`, async () => {
          const hellos: Hello[] = [];
          const target = await announcedOrigin(hellos);
          try {
            await front.plan([target.port], {}, { proxyProtocol: version });
            for (const from of ['127.8.0.1', '127.8.0.2', '127.8.0.1']) {
              const text = await front.talk(`${GET}\r\n${GET}\r\n`, { from, end: true });
              assert.deepEqual(statusesIn(text), [200, 200]);
            }
            const lines = await front.lines(6);
            const expected = lines.map((line) => `${line['client_ip']}:${line['client_port']} 127.0.0.1:${front.port}`);
            assert.deepEqual(
              hellos.map(({ ends }) => ends),
              [expected[0], expected[2], expected[4]],
            );
            assert.ok(hellos.every(({ text }) => text.match(/GET \/x /g)?.length === 2));
          } finally {
            await target.close();
          }
        });
      }

      it('makes a new connection when a trusted proxy speaks for another client', async () => {
        const hellos: Hello[] = [];
        const target = await announcedOrigin(hellos);
        try {
          await front.plan([target.port], { trustedProxies: ['127.9.0.0/16'] }, { proxyProtocol: 2 });
          const requests = ['192.0.2.1', '192.0.2.1', '192.0.2.2'].map(
            (client) => `${GET}X-Forwarded-For: ${client}\r\n\r\n`,
          );
          await front.talk(requests.join(''), { from: '127.9.0.1', end: true });
          await front.lines(3);
          const clients = hellos.map(({ ends }) => ends.split(' ')[0]);
          assert.deepEqual(clients, ['192.0.2.1:0', '192.0.2.2:0']);
        } finally {
          await target.close();
        }
      });
    });

    describe('transparent services', { skip: withoutPrivileges }, () => {
      it('connect from the address of each client, and share no connection', async () => {
        const from: string[] = [];
        const target = await httpOrigin((request, response) => {
          from.push(String(request.socket.remoteAddress));
          response.end('ok');
        });
        try {
          await front.plan([target.port], {}, { transparent: true });
          for (const address of ['127.8.0.1', '127.8.0.2']) {
            assert.deepEqual(
              statusesIn(await front.talk(`${GET}\r\n${GET}\r\n`, { from: address, end: true })),
              [200, 200],
            );
          }
          assert.deepEqual(from, ['127.8.0.1', '127.8.0.1', '127.8.0.2', '127.8.0.2']);
        } finally {
          await target.close();
        }
      });
    });

    it('leaves nothing behind', async () => {
      while (front.counters.activeConnections > 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(front.counters.activeRequests, 0);
    });
  });

  describe(`source addresses of tunnels on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let front: Front;
    before(async () => {
      front = await Front.open(reactor);
    });
    after(() => front.engine.stop(1_000));

    it('hand on what comes behind a PROXY header, and put one of their own in front', async () => {
      for (const version of [0, 1, 2] as const) {
        const got: Buffer[] = [];
        const target = await tcpOrigin((socket) => {
          socket.on('data', (bytes: Buffer) => got.push(bytes));
          socket.on('end', () => socket.end('bye'));
        });
        try {
          const listener = { ...TCP, trustedProxies: ['127.9.0.0/16'], acceptProxyProtocol: true };
          await front.plan([target.port], listener, { protocol: 'tcp', proxyProtocol: version });
          const pieces = [Buffer.concat([composeV2(ENDS, null), Buffer.from('first ')]), 'second'];
          assert.equal(await front.talk('', { from: '127.9.0.1', pieces, end: true }), 'bye');
          const own = version === 0 ? '' : version === 1 ? composeV1(ENDS) : composeV2(ENDS, null);
          assert.equal(Buffer.concat(got).toString('latin1'), `${Buffer.from(own).toString('latin1')}first second`);
          const [line] = await front.lines(1);
          assert.deepEqual(
            [line?.['client_ip'], line?.['client_port'], line?.['reason']],
            ['192.0.2.7', 40_123, 'none'],
          );
          assert.equal(line?.['bytes_received'], 12);
        } finally {
          await target.close();
        }
      }
    });

    it('do not lose the first bytes when the first target is dead', async () => {
      const dead = await freePort();
      const target = await tcpOrigin((socket) => {
        socket.on('data', (bytes) => socket.write(bytes));
        socket.on('end', () => socket.end());
      });
      try {
        const listener = { ...TCP, trustedProxies: ['127.9.0.0/16'], acceptProxyProtocol: true };
        await front.plan([dead, target.port], listener, { protocol: 'tcp' });
        for (let n = 0; n < 4; n++) {
          const bytes = `${Buffer.from(composeV1(ENDS))}hello`;
          assert.equal(await front.talk(bytes, { from: '127.9.0.1', end: true }), 'hello');
        }
      } finally {
        await target.close();
      }
    });

    it('come from the client in a transparent service', { skip: withoutPrivileges }, async () => {
      const from: string[] = [];
      const target = await tcpOrigin((socket) => {
        from.push(String(socket.remoteAddress));
        socket.end('bye');
      });
      try {
        await front.plan([target.port], TCP, { protocol: 'tcp', transparent: true });
        assert.equal(await front.talk('x', { from: '127.8.0.3', end: true }), 'bye');
        assert.deepEqual(from, ['127.8.0.3']);
      } finally {
        await target.close();
      }
    });
  });
}
