import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import { withoutUring } from '@evenkeel/proxy/reactor/contract/available.ts';
import { PortableReactor } from '@evenkeel/proxy/reactor/portable/reactor.ts';
import { UringReactor } from '@evenkeel/proxy/reactor/uring/reactor.ts';
import { LOCAL_V1, LOCAL_V2 } from '@evenkeel/proxy/source-address/proxy-protocol/compose.ts';
import { plannedCheck } from '../../test/planned.ts';
import type { ProbeOutcome } from '../health/outcome.ts';
import { ProbeHistory } from '../health/probe-history.ts';
import { type ProbingReactor, ReactorProber } from './reactor-prober.ts';
import { requestText } from './script.ts';

/** Milliseconds that a probe of a target that is well may take on a busy machine. */
const PATIENCE = 60_000;

const servers: Server[] = [];
const sockets = new Set<Socket>();

after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server that sends `answer` when the request has come. */
function answering(answer: string): Promise<number> {
  return serve((socket) => socket.once('data', () => socket.end(answer, 'latin1')));
}

function reason(outcome: ProbeOutcome): string {
  return outcome.kind === 'failure' ? outcome.reason : outcome.kind;
}

/** A port on which nobody listens: one that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Listens with the shortest queue in a thread that never accepts. */
async function stuckServer(): Promise<{ port: number; stop: () => Promise<unknown> }> {
  const thread = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  const [port] = (await once(thread, 'message')) as [number];
  return { port, stop: () => thread.terminate() };
}

interface Local {
  readonly reactor: ProbingReactor;
  stop(): Promise<void>;
}

/** Turns between all that the test itself does on this thread. */
function turnedUring(): Local {
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

function portable(): Local {
  const reactor = new PortableReactor({ buffers: 64 });
  return { reactor, stop: () => reactor.destroy() };
}

describe('over the uring reactor', { skip: withoutUring }, () => cases(turnedUring));
describe('over the portable reactor', () => cases(portable));

function cases(open: () => Local): void {
  let local: Local;
  let prober: ReactorProber;

  before(() => {
    local = open();
    prober = new ReactorProber(local.reactor);
  });

  after(async () => {
    const { reactor } = local;
    await local.stop();
    assert.equal(reactor.open, 0, 'connections are left');
  });

  function probe(
    port: number,
    check: Partial<PlannedHealthCheck> = {},
    address = '127.0.0.1',
    proxyProtocol: 0 | 1 | 2 = 0,
  ): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      const target = { address, port, check: plannedCheck({ timeout: PATIENCE, ...check }), proxyProtocol };
      const history = new ProbeHistory();
      history.begin(0, 0);
      prober.prepare(target).start(history, resolve);
    });
  }

  /** Of a target that takes connections and says too little, with so little time as the machine can make a connection in. */
  async function outOfTime(port: number): Promise<string> {
    for (let timeout = 100; ; timeout *= 4) {
      const outcome = reason(await probe(port, { timeout }));
      if (outcome !== 'CONNECT_TIMEOUT' || timeout > PATIENCE / 4) return outcome;
    }
  }

  describe('tcp', () => {
    test('succeeds when the connection is up, and resets it', async () => {
      let seen: (error: NodeJS.ErrnoException) => void = () => undefined;
      const reset = new Promise<NodeJS.ErrnoException>((resolve) => {
        seen = resolve;
      });
      const port = await serve((socket) => {
        socket.on('error', seen);
        socket.resume();
      });
      assert.equal(reason(await probe(port, { protocol: 'tcp' })), 'success');
      assert.equal((await reset).code, 'ECONNRESET');
    });

    test('fails when nobody listens', async () => {
      const outcome = await probe(await closedPort(), { protocol: 'tcp' });
      assert.deepEqual(outcome, { kind: 'failure', reason: 'CONNECT_FAILED', detail: 'ECONNREFUSED' });
    });
  });

  describe('http', () => {
    const verdicts: readonly (readonly [name: string, answer: string, verdict: string])[] = [
      ['a good answer', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'success'],
      ['a good answer of HTTP/1.0', 'HTTP/1.0 302 Found\r\nLocation: /\r\n\r\n', 'success'],
      ['the wrong code', 'HTTP/1.1 500 Oops\r\n\r\n', 'HTTP_CODE_MISMATCH'],
      ['HTTP/0.9', 'hello\r\n', 'RESPONSE_FORMAT_ERROR'],
      ['garbage', '\x00\xff\x00\xff', 'RESPONSE_FORMAT_ERROR'],
      ['a head cut short', 'HTTP/1.1 200 OK\r\nServer:', 'RECEIVE_RESPONSE_FAILED'],
      ['nothing but an end', '', 'RECEIVE_RESPONSE_FAILED'],
      ['a head that is too long', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(70_000)}\r\n\r\n`, 'RESPONSE_FORMAT_ERROR'],
    ];
    for (const [name, answer, verdict] of verdicts) {
      test(`${name}: ${verdict}`, async () => {
        assert.equal(reason(await probe(await answering(answer))), verdict);
      });
    }

    test('status ranges are inclusive on both ends', async () => {
      const port = await answering('HTTP/1.1 204 None\r\n\r\n');
      assert.equal(
        reason(
          await probe(port, {
            statusRanges: [
              [100, 199],
              [204, 204],
            ],
          }),
        ),
        'success',
      );
      assert.equal(
        reason(
          await probe(port, {
            statusRanges: [
              [200, 203],
              [205, 599],
            ],
          }),
        ),
        'HTTP_CODE_MISMATCH',
      );
    });

    test('nobody listens: CONNECT_FAILED', async () => {
      assert.equal(reason(await probe(await closedPort())), 'CONNECT_FAILED');
    });

    test('a server that accepts and never answers: RECEIVE_RESPONSE_TIMEOUT', async () => {
      const port = await serve((socket) => socket.resume());
      assert.equal(await outOfTime(port), 'RECEIVE_RESPONSE_TIMEOUT');
    });

    test('a server that answers byte by byte is not waited for beyond the timeout', async () => {
      const port = await serve((socket) => {
        socket.resume();
        let sent = 0;
        const timer = setInterval(() => socket.write('HTTP/1.1 200 OK\r\n'.charAt(sent++) || 'x'), 20);
        socket.on('close', () => clearInterval(timer));
      });
      assert.equal(await outOfTime(port), 'RECEIVE_RESPONSE_TIMEOUT');
    });

    test('a server that answers in single bytes, but in time, is healthy', async () => {
      const port = await serve((socket) => {
        socket.setNoDelay(true);
        socket.once('data', async () => {
          for (const char of 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n') await new Promise((sent) => socket.write(char, sent));
        });
      });
      assert.equal(reason(await probe(port)), 'success');
    });

    test('a server that resets in place of an answer: CONNECT_INTERRUPT', async () => {
      const port = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
      assert.equal(reason(await probe(port)), 'CONNECT_INTERRUPT');
    });

    test('a server whose accept queue is full lets the connection hang: CONNECT_TIMEOUT', async () => {
      const { port, stop } = await stuckServer();
      try {
        const filling = Array.from({ length: 4 }, () =>
          connect({ host: '127.0.0.1', port }).on('error', () => undefined),
        );
        await Promise.all([once(filling[0] as Socket, 'connect'), once(filling[1] as Socket, 'connect')]);
        assert.equal(reason(await probe(port, { timeout: 200 })), 'CONNECT_TIMEOUT');
        assert.equal(reason(await probe(port, { timeout: 200, protocol: 'tcp' })), 'CONNECT_TIMEOUT');
        for (const socket of filling) socket.destroy();
      } finally {
        await stop();
      }
    });

    test('a cancelled probe never reports', async () => {
      const port = await serve((socket) => socket.resume());
      let reported = false;
      const target = { address: '127.0.0.1', port, check: plannedCheck({ timeout: 50 }), proxyProtocol: 0 } as const;
      const running = prober.prepare(target);
      const history = new ProbeHistory();
      history.begin(0, 0);
      running.start(history, () => {
        reported = true;
      });
      running.cancel();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(reported, false);
    });

    test('speaks for nobody where a PROXY header is expected', async () => {
      for (const [version, header] of [
        [1, LOCAL_V1],
        [2, LOCAL_V2],
      ] as const) {
        const seen: Buffer[] = [];
        const port = await serve((socket) => {
          socket.on('error', () => undefined);
          socket.on('data', (bytes: Buffer) => {
            seen.push(bytes);
            socket.end('HTTP/1.1 200 OK\r\n\r\n');
          });
        });
        assert.equal(reason(await probe(port, {}, '127.0.0.1', version)), 'success');
        assert.deepEqual(Buffer.concat(seen).subarray(0, header.length), Buffer.from(header));
        // A target that is asked for no more than a connection may see its reset before it has read the header.
        assert.equal(reason(await probe(port, { protocol: 'tcp' }, '127.0.0.1', version)), 'success');
      }
    });

    test('the server sees one well-formed request', async () => {
      let seen = '';
      const port = await serve((socket) => {
        socket.on('data', (bytes) => {
          seen += bytes.toString('latin1');
          if (seen.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\n\r\n');
        });
      });
      await probe(port, { method: 'HEAD', path: '/live?x=1', httpVersion: '1.0' });
      assert.equal(
        seen,
        `HEAD /live?x=1 HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: evenkeel-health-check\r\n` +
          'Accept: */*\r\nConnection: close\r\n\r\n',
      );
    });
  });
}

test('the Host field is the configured one, else the address, with the port unless it is 80', () => {
  const host = (address: string, port: number, configured = ''): string =>
    /Host: (.*)\r\n/.exec(
      requestText({ address, port, check: plannedCheck({ host: configured }), proxyProtocol: 0 }),
    )?.[1] ?? '';
  assert.equal(host('10.0.0.1', 80), '10.0.0.1');
  assert.equal(host('10.0.0.1', 8080), '10.0.0.1:8080');
  assert.equal(host('fd00::1', 8080), '[fd00::1]:8080');
  assert.equal(host('10.0.0.1', 8080, 'shop.example'), 'shop.example');
});
