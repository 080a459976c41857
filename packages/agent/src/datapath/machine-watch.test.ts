import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingLog } from '../../test/log.ts';
import { VirtualClock } from '../../test/virtual-clock.ts';
import { MachineWatch } from './machine-watch.ts';

test('a machine that gives no answer is asked again, and what was true goes on', async () => {
  const clock = new VirtualClock();
  const { log, lines } = recordingLog();
  const touched: string[] = [];
  let isMute = true;
  const datapath = {
    async reconsider() {
      if (isMute) throw new Error('no memory');
      return ['lsn-1'];
    },
  };
  const watch = new MachineWatch(datapath, { touchListeners: (ids) => touched.push(...ids) }, { clock, log });
  watch.start();
  await clock.advanceAsync(5_000);
  assert.deepEqual([touched, lines.length], [[], 1]);
  isMute = false;
  await clock.advanceAsync(5_000);
  assert.deepEqual([touched, lines.length], [['lsn-1'], 1]);
  watch.stop();
  assert.equal(clock.timers, 0);
});
