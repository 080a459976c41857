import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { Channel, ChannelEvent, Command } from './channel.ts';
import { supervisionOf } from './channel.ts';
import { Upgrade, type UpgradeSteps } from './upgrade.ts';

function upgradeWith(steps: Partial<UpgradeSteps>) {
  const done: string[] = [];
  const told: ChannelEvent[] = [];
  const note = (name: string) => async () => void done.push(name);
  const all: UpgradeSteps = {
    freeze: async () => [],
    load: async () => ({ planVersion: 7, sockets: 4 }),
    pause: note('pause'),
    go: note('go'),
    resume: note('resume'),
    retire: (milliseconds) => done.push(`retire ${milliseconds}`),
    ...steps,
  };
  const upgrade = new Upgrade(all, pino({ level: 'silent' }));
  const channel = { tell: (event: ChannelEvent) => told.push(event) } as unknown as Channel;
  const take = (command: object) => upgrade.take(command as Command, channel);
  return { take, done, told };
}

const settled = () => new Promise(setImmediate);

test('each command is answered when its step is done, in order', async () => {
  const gate = Promise.withResolvers<void>();
  const { take, done, told } = upgradeWith({ pause: () => gate.promise });
  for (const command of ['freeze', 'pause', 'resume']) take({ command });
  await settled();
  assert.deepEqual(told, [{ event: 'frozen', health: [] }]);
  assert.deepEqual(done, []);
  gate.resolve();
  await settled();
  assert.deepEqual(
    told.map(({ event }) => event),
    ['frozen', 'paused', 'resumed'],
  );
  take({ command: 'load', health: [] });
  take({ command: 'go' });
  take({ command: 'retire', drainMilliseconds: 5 });
  await settled();
  assert.deepEqual(told.at(-1), { event: 'loaded', planVersion: 7, sockets: 4 });
  assert.deepEqual(done, ['resume', 'go', 'retire 5']);
});

test('a step that fails, or that a newer supervisor asks for, is answered so, and what follows is done', async () => {
  const { take, told } = upgradeWith({ freeze: () => Promise.reject(new Error('the disk is full')) });
  take({ command: 'freeze' });
  take({ command: 'levitate' });
  take({ command: 'pause' });
  await settled();
  assert.deepEqual(told[0], { event: 'failed', reason: 'the disk is full' });
  assert.match(JSON.stringify(told[1]), /failed.*knows no such command.*levitate/);
  assert.deepEqual(told[2], { event: 'paused' });
});

test('without a supervisor there is nothing to inherit', () => {
  assert.equal(supervisionOf({}), null);
  assert.equal(supervisionOf({ EVENKEEL_SUPERVISION: '' }), null);
  assert.deepEqual(supervisionOf({ EVENKEEL_SUPERVISION: '4,5,6' }), { channel: 4, hold: [5, 6] });
});
