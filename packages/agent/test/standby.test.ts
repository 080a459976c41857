import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { AgentProcess, writeToken } from './agent-process.ts';
import { temporaryDirectory } from './directory.ts';
import { FakeControl } from './fake-control.ts';
import { freePort } from './origin.ts';

/** The next event on the channel between a node agent and its supervisor. */
async function next(lines: Interface): Promise<Record<string, unknown>> {
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line);
}

test('one that takes over without a plan says that it waits for it, and that it is ready when it has it', async (t) => {
  const directory = temporaryDirectory();
  t.after(() => directory.remove());
  writeToken(directory.path);
  const port = await freePort('127.0.0.1');
  const flags = ['--control-url', `http://127.0.0.1:${port}`, '--reactor', 'portable', '--standby'];
  // The channel, and the two ends of a queue in which nobody has put sockets.
  const node = new AgentProcess(directory.path, flags, { EVENKEEL_SUPERVISION: '4,5,6' }, [
    'ignore',
    'pipe',
    'pipe',
    'pipe',
  ]);
  t.after(() => node.kill());
  let isReady = false;
  void node.ready.then(
    () => {
      isReady = true;
    },
    () => {},
  );
  const channel = node.child.stdio[4] as Duplex;
  const lines = createInterface(channel);
  const tell = (command: object) => channel.write(`${JSON.stringify(command)}\n`);
  assert.deepEqual(await next(lines), { event: 'standby' });
  const loaded = next(lines);
  tell({ command: 'load', health: [] });
  assert.deepEqual(await loaded, { event: 'loaded', planVersion: 0, sockets: 0 });
  tell({ command: 'go' });
  const { waitsFor, metricsUrl } = await node.waiting;
  assert.equal(waitsFor, 'control-plane');
  assert.equal(isReady, false);
  assert.equal((await fetch(metricsUrl.replace('/metrics', '/healthz'))).status, 503);

  const control = await FakeControl.listen(port);
  t.after(() => control.kill());
  control.plan = planOf(1, []);
  assert.equal((await node.ready).metricsUrl, metricsUrl);
  assert.equal((await fetch(metricsUrl.replace('/metrics', '/healthz'))).status, 200);
});
