import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewEvent } from './event.ts';
import { EventLog } from './log.ts';

const EVENT: NewEvent = {
  kind: 'node.up',
  tenantId: null,
  subject: { kind: 'node', id: 'n', name: '' },
  message: 'it is there',
};

test('a log that is stopped keeps nothing, and tries nothing again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const failures: unknown[] = [];
  let writes = 0;
  let id = 0;
  const log = new EventLog({
    store: {
      record() {
        writes++;
        return Promise.reject(new Error('another control plane leads'));
      },
    },
    nextId: () => `event-${++id}`,
    now: () => 0,
    failed: (error) => failures.push(error),
    also: async () => {},
  });
  const pass = async () => {
    t.mock.timers.tick(1_000);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  log.emit(EVENT);
  await pass();
  await pass();
  assert.deepEqual([writes, failures.length, log.lost], [2, 2, 0]);
  log.stop();
  log.emit(EVENT);
  await pass();
  await pass();
  assert.deepEqual([writes, failures.length, log.lost], [2, 2, 2]);
  log.resume();
  log.emit(EVENT);
  await pass();
  assert.equal(writes, 3);
});
