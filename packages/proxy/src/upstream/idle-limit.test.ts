import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../reactor/simulated/random.ts';
import { IdleLimit } from './idle-limit.ts';

describe('idle limit', () => {
  it('stays below that of the usual servers while nothing is known', () => {
    assert.equal(new IdleLimit().keepFor(0), 4_000);
  });

  it('is what the target says, less a margin, within bounds', () => {
    const limit = new IdleLimit();
    limit.told(2_000);
    assert.equal(limit.keepFor(0), 1_600);
    limit.told(30_000);
    assert.equal(limit.keepFor(0), 29_000);
    limit.told(86_400_000);
    assert.equal(limit.keepFor(0), 59_000);
    limit.told(0);
    assert.equal(limit.keepFor(0), 50);
  });

  it('comes down to what a target does, whatever it says', () => {
    const limit = new IdleLimit();
    limit.told(10_000);
    for (let event = 0; event < 3; event++) limit.closedAfter(1_000, event * 2_000);
    assert.equal(limit.keepFor(10_000), 800);
    limit.told(10_000);
    assert.equal(limit.keepFor(10_000), 800, 'the same word again says nothing new');
  });

  it('takes of connections that are closed together the one that had waited longest', () => {
    const limit = new IdleLimit();
    for (const waited of [3, 700, 12, 1_500, 90]) limit.closedAfter(waited, 100);
    assert.equal(limit.keepFor(2_000), 1_200);
  });

  it('is not fooled by a restart about what connections have outlived', () => {
    const limit = new IdleLimit();
    limit.outlived(3_500);
    limit.closedAfter(20, 0);
    assert.equal(limit.keepFor(5_000), 4_000);
    limit.closedAfter(20, 5_000);
    assert.equal(limit.keepFor(10_000), 4_000);
    // What happens again and again without anything to the contrary is a new limit.
    limit.closedAfter(20, 10_000);
    assert.equal(limit.keepFor(15_000), 50);
  });

  it('grows again when nothing speaks against it, up to what is usual or told', () => {
    const limit = new IdleLimit();
    limit.closedAfter(1_000, 0);
    assert.equal(limit.keepFor(2_000), 800);
    let before = 800;
    for (let i = 0; i < 1_000; i++) {
      limit.survived();
      const now = limit.keepFor(2_000);
      assert.ok(now >= before);
      before = now;
    }
    assert.equal(before, 4_000);
  });

  it('keeps within its bounds whatever it is told, and trusts a connection for less than it keeps it', () => {
    const random = new Random(7);
    const limit = new IdleLimit();
    for (let now = 0; now < 2_000_000; now += random.fraction() * 1_000) {
      const time = random.fraction() ** 4 * 1e7;
      const kind = Math.floor(random.fraction() * 4);
      if (kind === 0) limit.told(time);
      else if (kind === 1) limit.closedAfter(time, now);
      else if (kind === 2) limit.outlived(time);
      else limit.survived();
      assert.ok(limit.keepFor(now) >= 50 && limit.keepFor(now) <= 60_000);
      assert.ok(limit.safeFor(now) < limit.keepFor(now));
    }
  });
});
