import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALM } from '../reactor/simulated/conditions.ts';
import { SimulatedNetwork } from '../reactor/simulated/network.ts';
import { AccessLog } from '../telemetry/access-log.ts';
import { AccessLogRing } from '../telemetry/access-log-ring.ts';
import { WorkerContext } from '../worker/context.ts';
import type { ExchangePool } from './exchange-pool.ts';

function poolOf(): ExchangePool {
  const network = new SimulatedNetwork(1, CALM);
  const reactor = network.createReactor({ label: 'worker', address: '10.0.0.1', buffers: 8, descriptors: 8 });
  return new WorkerContext(reactor, new AccessLog(AccessLogRing.create(), reactor)).exchanges;
}

test('an exchange is taken again when its turn is over, the last one first', () => {
  const pool = poolOf();
  const first = pool.take();
  const second = pool.take();
  assert.notEqual(first, second);
  pool.give(first);
  pool.give(second);
  const third = pool.take();
  assert.ok(third !== first && third !== second);
  pool.settle();
  assert.deepEqual([pool.take() === second, pool.take() === first], [true, true]);
});

test('what would reach another client is not given back', () => {
  const pool = poolOf();
  const busy = pool.take();
  busy.active = true;
  const holding = pool.take();
  holding.target.request.buffer = 1;
  for (const exchange of [busy, holding, pool.none]) {
    assert.throws(() => pool.give(exchange), /before its end/);
  }
  pool.settle();
  for (let i = 0; i < 4; i++) assert.ok(![busy, holding, pool.none].includes(pool.take()));
});
