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

test('begins with all of health', () => {
  const { sent, outbox } = world();
  outbox.begin();
  assert.equal(sent.length, 1);
  assert.equal(sent[0]?.type === 'health' && sent[0].complete && sent[0].targets.length, 2);
});

test('collects changes of health for a moment; the newest of a target counts', () => {
  const { clock, sent, outbox } = world();
  outbox.begin();
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
  outbox.begin();
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

test('a new stream gets the whole, not what was left over from before it', () => {
  const { clock, sent, link, outbox } = world();
  link.open = false;
  outbox.applied({ version: 2, refused: [] });
  outbox.resync();
  outbox.begin();
  outbox.changed(health('a', 'unhealthy'));
  clock.advance(100);
  link.open = true;
  outbox.begin();
  clock.advance(100);
  assert.deepEqual(
    sent.map((message) => message.type),
    ['health'],
  );
});
