import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttp2 } from 'node:http2';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createServer as createTls } from 'node:tls';
import type { ProbeExchange } from '@evenkeel/model/plan/evidence.ts';
import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import { TLS_VERSIONS } from '@evenkeel/model/plan/tls.ts';
import { withoutUring } from '@evenkeel/proxy/reactor/contract/available.ts';
import { PortableReactor } from '@evenkeel/proxy/reactor/portable/reactor.ts';
import { UringReactor } from '@evenkeel/proxy/reactor/uring/reactor.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { authority, closeTargets, grpc, listening, pems, saying, silent, udp } from '../../test/answering-targets.ts';
import { plannedCheck } from '../../test/planned.ts';
import type { ProbeOutcome } from '../health/outcome.ts';
import { ProbeHistory } from '../health/probe-history.ts';
import { tryOut } from '../health/trial.ts';
import { type ProbingReactor, ReactorProber } from './reactor-prober.ts';

/** Every kind of check against servers that are well, that lie, that hang, and that speak another protocol. */

/** Milliseconds that a check of a target that is well may take on a busy machine. */
const PATIENCE = 60_000;

after(closeTargets);

const other = issue({ commonName: 'other', ca: true });

const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const unverified = { authorityId: null, serverName: '', versions: TLS_VERSIONS };
const verified = { authorityId: 'ca-1', serverName: 'app.example.com', versions: TLS_VERSIONS };

function turnedUring() {
  const reactor = new UringReactor({ buffers: 64 });
  let turns: NodeJS.Immediate | null = null;
  const turn = (): void => {
    reactor.turn(0);
    turns = setImmediate(turn);
  };
  turn();
  return {
    reactor,
    stop: async () => {
      if (turns !== null) clearImmediate(turns);
      reactor.destroy();
    },
  };
}

function portable() {
  const reactor = new PortableReactor({ buffers: 64 });
  return { reactor, stop: () => reactor.destroy() };
}

describe('over the uring reactor', { skip: withoutUring }, () => cases(turnedUring));
describe('over the portable reactor', () => cases(portable));

function cases(open: () => { readonly reactor: ProbingReactor; stop(): Promise<void> }): void {
  let local: ReturnType<typeof open>;
  let prober: ReactorProber;

  before(() => {
    local = open();
    prober = new ReactorProber(local.reactor);
    prober.setAuthority('ca-1', { id: 'ca-1', certificates: authority.certificate, revocationLists: '' });
  });

  after(async () => {
    const { reactor } = local;
    await local.stop();
    assert.equal(reactor.open, 0, 'connections are left');
  });

  function exchange(port: number, given: Partial<PlannedHealthCheck>, proxyProtocol: 0 | 1 | 2 = 0) {
    const check = plannedCheck({ timeout: PATIENCE, ...given });
    const { reactor } = local;
    const clock = {
      now: () => reactor.now,
      wallTime: () => reactor.wallTime,
      setTimer: (delay: number, callback: () => void) => reactor.setTimer(delay, callback),
    };
    return new Promise<ProbeExchange>((resolve) => {
      tryOut([{ address: '127.0.0.1', port, check, proxyProtocol }], prober, clock, ([one]) => resolve(one!));
    });
  }

  async function verdict(port: number, check: Partial<PlannedHealthCheck>): Promise<string> {
    const { verdict: kind, reason } = await exchange(port, check);
    return kind === 'failure' ? reason : kind;
  }

  /** Of a target that takes connections and says nothing, with so little time as the machine can make a connection in. */
  async function outOfTime(check: Partial<PlannedHealthCheck>): Promise<string> {
    const port = await silent();
    for (let timeout = 100; ; timeout *= 4) {
      const found = await verdict(port, { ...check, timeout });
      if (found !== 'CONNECT_TIMEOUT' || timeout > PATIENCE / 4) return found;
    }
  }

  describe('tcp with something to say', () => {
    const ping = { protocol: 'tcp', send: hex('PING\r\n'), expect: hex('+PONG') } as const;

    test('finds what it expects, wherever it begins and however it is cut', async () => {
      const port = await listening(
        createServer((socket) =>
          socket.once('data', async () => {
            for (const piece of ['hello ', '+P', 'ONG\r\n']) {
              socket.write(piece);
              await new Promise(setImmediate);
            }
          }),
        ),
      );
      const found = await exchange(port, ping);
      assert.equal(found.verdict, 'success');
      assert.equal(found.sent, 'PING\\r\\n');
      assert.match(found.received, /^hello /);
      assert.equal(found.rule, 'the answer contains +PONG');
      assert.ok(found.connect !== null && found.firstByte !== null && found.firstByte >= found.connect);
      assert.ok(found.total >= found.firstByte);
    });

    test('another answer, a flood and silence fail', async () => {
      assert.equal(await verdict(await saying('-ERR\r\n'), ping), 'RESPONSE_MISMATCH');
      const flood = await listening(
        createServer((socket) => socket.once('data', () => socket.write('x'.repeat(9_000)))),
      );
      assert.equal(await verdict(flood, ping), 'RESPONSE_MISMATCH');
      assert.equal(await outOfTime(ping), 'RECEIVE_RESPONSE_TIMEOUT');
      assert.equal(
        await verdict(await listening(createServer((socket) => socket.end())), ping),
        'RECEIVE_RESPONSE_FAILED',
      );
    });

    test('bytes that are no text are shown as what they are', async () => {
      const binary = await saying(Buffer.from([0, 255, 92]));
      const found = await exchange(binary, { protocol: 'tcp', send: '00ff', expect: 'ff' });
      assert.deepEqual([found.verdict, found.sent, found.received], ['success', '\\x00\\xff', '\\x00\\xff\\\\']);
    });
  });

  describe('tls', () => {
    const tls = { protocol: 'tls', tls: unverified } as const;

    test('succeeds with the handshake, and with what is said inside', async () => {
      const port = await listening(
        createTls(pems, (socket) => socket.on('error', () => undefined).write('220 ready\r\n')),
      );
      const shaken = await exchange(port, tls);
      assert.deepEqual([shaken.verdict, shaken.rule], ['success', 'the TLS handshake was done']);
      assert.equal(await verdict(port, { ...tls, expect: hex('220') }), 'success');
    });

    test('a certificate is judged where that is asked for: by authority and by name', async () => {
      const port = await listening(createTls(pems, (socket) => socket.on('error', () => undefined)));
      assert.equal(await verdict(port, { ...tls, tls: verified }), 'success');
      const wrongName = await exchange(port, { ...tls, tls: { ...verified, serverName: 'shop.example.com' } });
      assert.equal(wrongName.reason, 'TLS_HANDSHAKE_FAILED');
      assert.notEqual(wrongName.rule, '');
      assert.equal(await verdict(port, { ...tls, tls: { ...verified, authorityId: 'ca-2' } }), 'TLS_HANDSHAKE_FAILED');
    });

    test('an authority that changes is the one that counts from then on', async () => {
      const port = await listening(createTls(pems, (socket) => socket.on('error', () => undefined)));
      const settings = { ...tls, tls: { ...verified, authorityId: 'ca-3' } };
      prober.setAuthority('ca-3', { id: 'ca-3', certificates: other.certificate, revocationLists: '' });
      assert.equal(await verdict(port, settings), 'TLS_HANDSHAKE_FAILED');
      prober.setAuthority('ca-3', { id: 'ca-3', certificates: authority.certificate, revocationLists: '' });
      assert.equal(await verdict(port, settings), 'success');
    });

    test('a server without TLS, one that hangs, and one that hangs up', async () => {
      assert.equal(await verdict(await saying('HTTP/1.1 400 Bad Request\r\n\r\n'), tls), 'TLS_HANDSHAKE_FAILED');
      assert.equal(await verdict(await silent(), { ...tls, timeout: 100 }), 'CONNECT_TIMEOUT');
      assert.equal(await verdict(await saying(''), tls), 'TLS_HANDSHAKE_FAILED');
    });
  });

  describe('https', () => {
    const https = { protocol: 'https', tls: unverified } as const;
    const answering = (answer: string) =>
      listening(
        createTls(pems, (socket) => socket.on('error', () => undefined).once('data', () => socket.end(answer))),
      );

    test('judges the answer inside TLS, and shows what was said before encryption', async () => {
      const good = await exchange(await answering('HTTP/1.1 204 No Content\r\n\r\n'), https);
      assert.deepEqual([good.verdict, good.rule], ['success', 'status 204 is one of 200–399']);
      assert.match(good.sent, /^GET \/ HTTP\/1.1\\r\\nHost: /);
      assert.match(good.received, /^HTTP\/1.1 204/);
      assert.equal(await verdict(await answering('HTTP/1.1 503 Busy\r\n\r\n'), https), 'HTTP_CODE_MISMATCH');
      assert.equal(await verdict(await answering('SSH-2.0-x\r\n'), https), 'RESPONSE_FORMAT_ERROR');
    });

    test('sends the server name', async () => {
      const names: string[] = [];
      const seen = (name: string, done: (error: Error | null) => void): void => {
        names.push(name);
        done(null);
      };
      const port = await listening(
        createTls({ ...pems, SNICallback: seen }, (socket) =>
          socket.on('error', () => undefined).once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')),
        ),
      );
      assert.equal(await verdict(port, { ...https, tls: verified }), 'success');
      assert.deepEqual(names, ['app.example.com']);
    });
  });

  for (const secure of [false, true]) {
    const kind = secure ? 'grpcs' : 'grpc';
    describe(kind, () => {
      const check = { protocol: kind, tls: secure ? unverified : null, grpcService: 'shop.v1.Cart' } as const;

      test('a service that is serving, whatever its name', async () => {
        const { port, asked } = await grpc(1, '0', secure);
        const found = await exchange(port, check);
        assert.deepEqual([found.verdict, found.rule], ['success', 'the service says SERVING']);
        assert.equal(await verdict(port, { ...check, grpcService: '' }), 'success');
        assert.deepEqual(asked, ['shop.v1.Cart', '']);
      });

      test('one that is not, one that does not know the name, and one without health checks', async () => {
        const notServing = await exchange((await grpc(2, '0', secure)).port, check);
        assert.deepEqual([notServing.reason, notServing.rule], ['GRPC_NOT_SERVING', 'the service says NOT_SERVING']);
        assert.match((await exchange((await grpc(null, '5', secure)).port, check)).rule, /grpc-status 5 NOT_FOUND/);
        assert.match(
          (await exchange((await grpc(null, '12', secure)).port, check)).rule,
          /grpc-status 12 UNIMPLEMENTED/,
        );
        assert.equal(await verdict((await grpc(1, '14', secure)).port, check), 'GRPC_NOT_SERVING');
      });
    });
  }

  test('grpc against HTTP/1, garbage, silence, and a web server that speaks HTTP/2', async () => {
    const check = { protocol: 'grpc' } as const;
    assert.equal(await verdict(await saying('HTTP/1.1 400 Bad Request\r\n\r\n'), check), 'RESPONSE_FORMAT_ERROR');
    assert.equal(await verdict(await saying(Buffer.alloc(40, 0xff)), check), 'RESPONSE_FORMAT_ERROR');
    assert.equal(await outOfTime(check), 'RECEIVE_RESPONSE_TIMEOUT');
    const web = createHttp2((_, response) => response.writeHead(404).end());
    assert.equal(await verdict(await listening(web as unknown as Server), check), 'HTTP_CODE_MISMATCH');
  });

  describe('udp', () => {
    const check = { protocol: 'udp' } as const;

    test('an answer, the expected one, another one', async () => {
      const asked: string[] = [];
      const port = await udp((message, reply) => {
        asked.push(message.toString());
        reply(Buffer.from('pong'));
      });
      assert.equal(await verdict(port, check), 'success');
      assert.equal(await verdict(port, { ...check, send: hex('ping'), expect: hex('pong') }), 'success');
      assert.deepEqual(asked, ['HEALTH CHECK', 'ping']);
      assert.equal(await verdict(port, { ...check, expect: hex('PONG'), timeout: 100 }), 'RECEIVE_RESPONSE_TIMEOUT');
    });

    test('silence is good where nothing is expected, and a port that nobody has is not', async () => {
      const port = await udp(() => undefined);
      const quiet = await exchange(port, { ...check, timeout: 60 });
      assert.deepEqual([quiet.verdict, quiet.rule], ['success', 'no error came back after 60 ms']);
      assert.equal(await verdict(port, { ...check, expect: hex('x'), timeout: 60 }), 'RECEIVE_RESPONSE_TIMEOUT');
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const { port: closed } = socket.address();
      socket.close();
      await once(socket, 'close');
      const refused = await exchange(closed, check);
      assert.deepEqual([refused.reason, refused.rule], ['CONNECT_FAILED', 'ICMP: ECONNREFUSED']);
    });
  });

  describe('several checks over one connection', () => {
    const kept = { checksPerConnection: 3, httpVersion: '1.1', method: 'GET' } as const;

    /** Probes one after the other with one and the same probe. */
    async function series(port: number, count: number, given: Partial<PlannedHealthCheck> = {}) {
      const check = plannedCheck({ timeout: PATIENCE, ...kept, ...given });
      const probe = prober.prepare({ address: '127.0.0.1', port, check, proxyProtocol: 0 });
      const seen: string[] = [];
      for (let i = 0; i < count; i++) {
        const history = new ProbeHistory();
        const { reactor } = local;
        history.begin(reactor.now, reactor.wallTime);
        const outcome = await new Promise<ProbeOutcome>((resolve) => probe.start(history, resolve));
        history.end(outcome, reactor.now);
        const [one] = history.exchanges(probe.request);
        seen.push(`${one!.connection} ${outcome.kind === 'failure' ? outcome.reason : outcome.kind}`);
      }
      probe.cancel();
      return seen;
    }

    const answering = (answer: string, respond = true) => {
      const counts = { connections: 0 };
      const server = createServer((socket) => {
        counts.connections++;
        socket.on('data', () => respond && socket.write(answer));
      });
      return listening(server).then((port) => ({ port, counts }));
    };

    test('a connection carries its share, and then another is made', async () => {
      const { port, counts } = await answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      assert.deepEqual(await series(port, 5), [
        'new success',
        'kept success',
        'kept success',
        'new success',
        'kept success',
      ]);
      assert.equal(counts.connections, 2);
    });

    test('it is not used again when the answer is a failure, goes on, or says that it is the last', async () => {
      const others = [
        ['HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n', 'new HTTP_CODE_MISMATCH'],
        ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok', 'new success'],
        ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore', 'new success'],
        ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', 'new success'],
        ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'new success'],
        ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'new success'],
      ] as const;
      for (const [answer, verdict] of others) {
        const { port } = await answering(answer);
        assert.deepEqual(await series(port, 2), [verdict, verdict], answer);
      }
    });

    test('a target that ends it, in the worst moment too, is asked over a new one', async () => {
      let requests = 0;
      const port = await listening(
        createServer((socket) =>
          socket.on('data', () => {
            if (++requests % 2 === 0) socket.destroy();
            else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
          }),
        ),
      );
      assert.deepEqual(await series(port, 2), ['new success', 'new success']);
    });

    test('a target that hangs on it has failed, and the next check makes a new one', async () => {
      let requests = 0;
      const port = await listening(
        createServer((socket) =>
          socket.on('data', () => {
            if (++requests !== 2) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
          }),
        ),
      );
      const expected = ['new success', 'kept RECEIVE_RESPONSE_TIMEOUT', 'new success'];
      // The others need as much time as the machine takes for them.
      let seen: string[] = [];
      for (let timeout = 100; String(seen) !== String(expected) && timeout < PATIENCE; timeout *= 4) {
        requests = 0;
        seen = await series(port, 3, { timeout });
      }
      assert.deepEqual(seen, expected);
    });
  });

  test('PROXY protocol stands in front of TLS', async () => {
    let first = '';
    const port = await listening(
      createServer((socket) =>
        socket.once('data', (bytes) => {
          first = bytes.toString('latin1');
          socket.destroy();
        }),
      ),
    );
    await exchange(port, { protocol: 'https', tls: unverified }, 1);
    assert.match(first, /^PROXY UNKNOWN\r\n/);
  });
}
