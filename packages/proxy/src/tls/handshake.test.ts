import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenerOf } from '../../test/plans.ts';
import type { Connection } from '../reactor/reactor.ts';
import { UNHANDLED } from '../reactor/unhandled.ts';
import type { Client } from '../source-address/client.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import type { WorkerContext } from '../worker/context.ts';
import { Listener } from '../worker/listener.ts';
import { WorkerRows } from '../worker/worker-rows.ts';
import { Handshake } from './handshake.ts';
import type { TlsLibrary } from './library.ts';

test('a handshake has that time again in which its pacer has kept it from sending', () => {
  const reactor = { now: 1_000 };
  const worker = {
    reactor,
    overload: { waiting: { add() {}, remove() {} } },
    responses: { withoutTls: null },
  } as unknown as WorkerContext;
  const rows = new WorkerRows(new SharedCounters(1).blocks(0));
  const planned = listenerOf(443, { protocol: 'https', headerTimeout: 500, accessLog: false });
  const listener = new Listener(planned, null, rows.listener(0), rows.limits(0));
  const raw = {
    handler: UNHANDLED,
    heldBack: 0,
    deadline: 0,
    aborted: false,
    setDeadline(at: number) {
      raw.deadline = at;
    },
    abort() {
      raw.aborted = true;
    },
  };
  const connection = raw as unknown as Connection;
  const begin = () => assert.fail('it is never done');
  assert.ok(listener.enter());
  new Handshake(worker, {} as TlsLibrary, listener, () => assert.fail(), connection, {} as Client, begin);
  assert.equal(raw.deadline, 1_500);
  reactor.now = 1_500;
  raw.heldBack = 400;
  raw.handler.onDeadline(connection);
  assert.deepEqual([raw.aborted, raw.deadline], [false, 1_900]);
  reactor.now = 1_900;
  raw.handler.onDeadline(connection);
  assert.equal(raw.aborted, true);
});
