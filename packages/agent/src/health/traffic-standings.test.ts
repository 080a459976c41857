import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetStanding } from '@evenkeel/proxy/standing/standing.ts';
import { TrafficStandings } from './traffic-standings.ts';

const usual: TargetStanding = { serviceId: 'svc', targetId: 't1', ejected: null, share: 100, failOpen: false };
const ejected = { ...usual, share: 0, ejected: { reason: 'errors', since: 1, until: 10_001, times: 1 } } as const;
const health = { serviceId: 'svc', targetId: 't1', state: 'healthy', reason: '', since: 0 } as const;

test('what becomes of a target is told once, and goes with its health', () => {
  const standings = new TrafficStandings();
  assert.equal(standings.take(ejected), 'ejected');
  assert.equal(standings.take(ejected), null);
  assert.deepEqual(standings.join(health).traffic, { ejected: ejected.ejected, share: 0, failOpen: false });
  assert.equal(standings.take({ ...usual, share: 10 }), 'back');
  assert.equal(standings.take({ ...usual, share: 60 }), null);
  assert.equal(standings.take(usual), 'started');
  assert.equal(standings.join(health), health);
  assert.equal(standings.take({ ...usual, share: 10 }), 'starting');
  assert.deepEqual([...standings.ejections()], [{ serviceId: 'svc', targetId: 't1', reason: 'errors', count: 1 }]);
});

test('a service that fails open is news once, whatever the number of its targets', () => {
  const standings = new TrafficStandings();
  const open = { ...usual, failOpen: true };
  assert.deepEqual(
    [usual, open, { ...open, targetId: 't2' }, usual].map((one) => standings.turnsOpen(one)),
    [false, true, false, true],
  );
});

test('what the engine does not know any more is forgotten', () => {
  const standings = new TrafficStandings();
  standings.take(ejected);
  standings.reset([{ ...usual, serviceId: 'other' }]);
  assert.equal(standings.join(health), health);
  assert.deepEqual([...standings.ejections()], []);
});
