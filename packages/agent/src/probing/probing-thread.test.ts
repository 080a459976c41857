import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { withoutUring } from '@evenkeel/proxy/reactor/contract/available.ts';
import { recordingLog } from '../../test/log.ts';
import { plannedCheck } from '../../test/planned.ts';
import { settle, VirtualClock } from '../../test/virtual-clock.ts';
import { type Clock, systemClock } from '../clock/clock.ts';
import type { ProbeTarget } from '../health/prober.ts';
import { detecting, type HealthState } from '../health/state.ts';
import { ProbingThread } from './probing-thread.ts';

const LIMITS = { rise: 2, fall: 1 };
/** A check whose verdict comes within moments, and that a busy machine does not fail. */
const QUICK = { interval: 50, timeout: 60_000, ...LIMITS };

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Origin {
  readonly target: ProbeTarget;
  readonly server: Server;
}

async function origin(): Promise<Origin> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, target: { address: '127.0.0.1', port, check: plannedCheck(QUICK), proxyProtocol: 0 } };
}

function watching(reactor: 'uring' | 'portable', clock: Clock = systemClock) {
  const { lines, log } = recordingLog();
  const watch = new ProbingThread({ reactor, clock, log });
  const changes: { readonly id: number; readonly state: HealthState }[] = [];
  let told = Promise.withResolvers<void>();
  watch.onChange = (id, state) => {
    changes.push({ id, state });
    told.resolve();
    told = Promise.withResolvers();
  };
  /** Resolves when the judgement has become of the kind, now or before. */
  const become = async (id: number, kind: HealthState['kind']): Promise<HealthState> => {
    for (;;) {
      const found = changes.findLast((change) => change.id === id);
      if (found?.state.kind === kind) return found.state;
      await told.promise;
    }
  };
  ends.push(() => watch.stop());
  return { watch, changes, become, lines };
}

const fresh = (): HealthState => detecting(systemClock.wallTime());

describe('over the uring reactor', { skip: withoutUring }, () => cases('uring'));
describe('over the portable reactor', () => cases('portable'));

function cases(reactor: 'uring' | 'portable'): void {
  test('tells of targets that become well, and of those that cease to be', async () => {
    const { watch, become } = watching(reactor);
    const { target, server } = await origin();
    watch.begin(1, target, LIMITS, fresh());
    const healthy = await become(1, 'healthy');
    assert.equal(healthy.reason, '');
    assert.ok(
      Number.isInteger(healthy.since) && Math.abs(healthy.since - Date.now()) < 10_000,
      `since ${healthy.since}`,
    );
    server.close();
    assert.match((await become(1, 'unhealthy')).reason, /^CONNECT_(FAILED|INTERRUPT)$/);
    const results = [...watch.counts.results()].map(({ protocol, result }) => `${protocol} ${result}`);
    assert.ok(results.includes('http success'), String(results));
    assert.ok(
      results.some((result) => /^http CONNECT_(FAILED|INTERRUPT)$/.test(result)),
      String(results),
    );
  });

  test('a judgement that begins as another has its state, and limits can be adjusted', async () => {
    const { watch, become, changes } = watching(reactor);
    const { target, server } = await origin();
    watch.begin(1, target, LIMITS, fresh());
    await become(1, 'healthy');
    watch.adjust(1, { rise: 2, fall: 1_000 });
    watch.begin(2, { ...target, check: { ...target.check, interval: 60 } }, LIMITS, { kind: 'as', id: 1 });
    server.close();
    await become(2, 'unhealthy');
    assert.equal(changes.filter(({ id }) => id === 2).length, 1, 'it was healthy from its beginning');
    assert.notEqual(changes.findLast(({ id }) => id === 1)?.state.kind, 'unhealthy');
  });

  test('a judgement that has ended is not told of again', async () => {
    const { watch, become, changes } = watching(reactor);
    const { target } = await origin();
    const other = await origin();
    watch.begin(1, target, LIMITS, fresh());
    await become(1, 'healthy');
    watch.end(1);
    watch.begin(2, other.target, LIMITS, fresh());
    await become(2, 'healthy');
    const before = changes.length;
    other.server.close();
    await become(2, 'unhealthy');
    assert.ok(changes.slice(before).every(({ id }) => id === 2));
  });
}

test('a thread that dies is replaced, and its successor goes on with the states that were known', async () => {
  const { watch, become, changes, lines } = watching('portable');
  const one = await origin();
  const two = await origin();
  watch.begin(1, one.target, LIMITS, fresh());
  await become(1, 'healthy');
  // No health check has this protocol: the thread cannot judge it.
  const check = { ...two.target.check, statusRanges: null as never };
  watch.begin(2, { ...two.target, check }, LIMITS, fresh());
  while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.match(String(lines[0]?.['msg']), /probing thread has died/);
  watch.end(2);
  watch.begin(3, two.target, LIMITS, fresh());
  await become(3, 'healthy');
  one.server.close();
  await become(1, 'unhealthy');
  assert.deepEqual(
    changes.filter(({ id }) => id === 1).map(({ state }) => state.kind),
    ['healthy', 'unhealthy'],
  );
});

test('a thread that shows no sign of life is ended and replaced', async () => {
  const clock = new VirtualClock();
  const { watch, become, lines } = watching('portable', clock);
  const { target } = await origin();
  watch.begin(1, target, LIMITS, fresh());
  // Two looks within the time that it takes the thread to come to life.
  await Promise.resolve();
  clock.advance(20_000);
  while (lines.length === 0) await settle();
  assert.match(JSON.stringify(lines[0]), /no sign of life for 10 s/);
  clock.advance(100);
  await become(1, 'healthy');
  assert.equal(lines.length, 1);
});

test('a look at the thread that was held up itself ends nothing: the whole process stood still', async () => {
  const clock = new VirtualClock();
  const { watch, become, lines } = watching('portable', clock);
  const { target } = await origin();
  watch.begin(1, target, LIMITS, fresh());
  await Promise.resolve();
  clock.advance(10_000);
  clock.stall(60_000);
  clock.advance(0);
  await become(1, 'healthy');
  assert.deepEqual(lines, []);
});

test('a thread is started only when there is something to watch, and stopping it twice does no harm', () => {
  const { watch } = watching('portable');
  assert.deepEqual(watch.load, { endpoints: 0, inFlight: 0, waiting: 0, lag: 0 });
  watch.stop();
  watch.stop();
});
