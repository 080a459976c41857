import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import { resilienceOf } from '@evenkeel/model/plan/resilience.ts';
import { ListenerLimits } from '@evenkeel/proxy/limits/listener-limits.ts';
import { temporaryDirectory } from '../../test/directory.ts';
import { recordingLog } from '../../test/log.ts';
import { systemClock } from '../clock/clock.ts';
import { PlanStore } from './store.ts';

/** Plans that earlier versions have written must serve, as the control plane may be away when a node is upgraded. */

test('a plan from before limits, balancing, resilience and formats of the log is served, its last change included', async (t) => {
  const directory = temporaryDirectory();
  t.after(() => directory.remove());
  const path = join(directory.path, 'plan.jsonl');
  copyFileSync(join(import.meta.dirname, 'fixtures', 'before-limits.jsonl'), path);
  const { log, lines } = recordingLog();
  const plan = await new PlanStore({ path, clock: systemClock, log }).load();
  assert.deepEqual(lines, []);
  assert.deepEqual([plan?.version, plan?.entries.size], [9, 12]);
  const entries = [...plan!.entries.values()];
  const listeners = entries.flatMap((entry) => (entry.kind === 'listener' ? [entry.value] : []));
  assert.deepEqual(
    listeners.map(({ name, idleTimeout }) => [name, idleTimeout]).sort(),
    [
      ['sec', 60_000],
      ['tcp', 7_000],
      ['web', 60_000],
    ],
    'the change behind the plan counts',
  );
  for (const listener of listeners) {
    const { bodySize, headerSize, requestsPerConnection } = new ListenerLimits(listener);
    assert.deepEqual(
      [bodySize, headerSize, requestsPerConnection],
      [Number.POSITIVE_INFINITY, STANDARD_LIMITS.headerSize, Number.POSITIVE_INFINITY],
    );
  }
  for (const entry of entries) {
    if (entry.kind === 'service') assert.equal(resilienceOf(entry.value).outlierDetection, null);
  }
});
