import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FromAgent, ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import { VirtualClock } from '../../test/virtual-clock.ts';
import { Outbox } from './outbox.ts';

function health(targetId: string, state: ReportedHealth['state']): ReportedHealth {
  return { serviceId: 's', targetId, state, reason: '', since: 1 };
}

function world() {
  const clock = new VirtualClock();
  const sent: FromAgent[] = [];
  const link = { open: true };
  const outbox = new Outbox({
    clock,
    send: (message) => {
      if (link.open) sent.push(message);
      return link.open;
    },
    report: () => [health('a', 'healthy'), health('b', 'detecting')],
  });
  return { clock, sent, link, outbox };
}

test('begins with the acknowledgement and all of health; without a plan there is nothing to acknowledge', () => {
  const { sent, outbox } = world();
  outbox.begin({ version: 0, refused: [] });
  outbox.begin({ version: 4, refused: [] });
  assert.deepEqual(
    sent.map((message) => message.type),
    ['health', 'applied', 'health'],
  );
  assert.deepEqual(sent[1], { type: 'applied', version: 4, refused: [] });
  assert.equal(sent[2]?.type === 'health' && sent[2].complete && sent[2].targets.length, 2);
});

test('collects changes of health for a moment; the newest of a target counts', () => {
  const { clock, sent, outbox } = world();
  outbox.begin({ version: 0, refused: [] });
  outbox.changed(health('a', 'unhealthy'));
  outbox.changed(health('b', 'healthy'));
  outbox.changed(health('a', 'healthy'));
  assert.equal(sent.length, 1);
  clock.advance(20);
  assert.deepEqual(sent[1], {
    type: 'health',
    complete: false,
    targets: [health('a', 'healthy'), health('b', 'healthy')],
  });
  clock.advance(100);
  assert.equal(sent.length, 2);
});

test('what could not be sent is sent later, and of acknowledgements only the newest', () => {
  const { clock, sent, link, outbox } = world();
  outbox.begin({ version: 0, refused: [] });
  sent.length = 0;
  link.open = false;
  for (let version = 1; version <= 1000; version++) outbox.applied({ version, refused: [] });
  outbox.changed(health('a', 'unhealthy'));
  outbox.resync();
  clock.advance(100);
  assert.equal(sent.length, 0);
  link.open = true;
  outbox.flush();
  assert.deepEqual(
    sent.map((message) => message.type),
    ['resync', 'applied', 'health'],
  );
  assert.equal(sent[1]?.type === 'applied' && sent[1].version, 1000);
});

test('a new stream gets the whole, not the changes from before it', () => {
  const { clock, sent, link, outbox } = world();
  link.open = false;
  outbox.begin({ version: 0, refused: [] });
  outbox.changed(health('a', 'unhealthy'));
  clock.advance(100);
  link.open = true;
  outbox.begin({ version: 2, refused: [] });
  clock.advance(100);
  assert.deepEqual(
    sent.map((message) => message.type),
    ['applied', 'health'],
  );
});
