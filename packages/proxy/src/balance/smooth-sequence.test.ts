import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../reactor/simulated/random.ts';
import { smoothSequence } from './smooth-sequence.ts';

const none = (count: number): number[] => new Array<number>(count).fill(0);

function largestError(sequence: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const had = none(weights.length);
  let worst = 0;
  sequence.forEach((candidate, turn) => {
    had[candidate]!++;
    weights.forEach((weight, c) => {
      worst = Math.max(worst, Math.abs(((turn + 1) * weight) / total - had[c]!));
    });
  });
  return worst;
}

describe('smooth sequence', () => {
  it('is empty without candidates', () => assert.deepEqual(smoothSequence([], []), []));

  it('takes equal weights in turn, whatever they are', () => {
    assert.deepEqual(smoothSequence([70, 70, 70], none(3)), [0, 1, 2]);
  });

  it('puts a light target into the middle of a heavy one’s turns', () => {
    assert.deepEqual(smoothSequence([4, 2, 2], none(3)), [0, 1, 0, 2]);
    const sequence = smoothSequence([5, 1, 1], none(3));
    assert.equal(sequence.length, 7);
    assert.ok(!sequence.join('').includes('0000'), sequence.join(''));
  });

  it('gives exact shares over a cycle, and is nowhere a whole turn off', () => {
    const random = new Random(1);
    for (let round = 0; round < 300; round++) {
      const weights = Array.from(
        { length: 1 + Math.floor(random.fraction() * 12) },
        () => 1 + Math.floor(random.fraction() ** 3 * 100),
      );
      const sequence = smoothSequence(weights, none(weights.length));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, c) => {
        const turns = sequence.filter((candidate) => candidate === c).length;
        assert.equal(turns * total, weight * sequence.length, `share of ${c} in ${weights}`);
      });
      const error = largestError(sequence, weights);
      assert.ok(error < 1, `${error} turns off with weights ${weights}`);
    }
  });

  it('keeps turns less than two fair distances apart, over the end of the cycle too', () => {
    const random = new Random(2);
    for (let round = 0; round < 100; round++) {
      const weights = Array.from(
        { length: 2 + Math.floor(random.fraction() * 8) },
        () => 1 + Math.floor(random.fraction() * 100),
      );
      const sequence = smoothSequence(weights, none(weights.length));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      weights.forEach((weight, c) => {
        const turns = [...sequence, ...sequence].flatMap((candidate, turn) => (candidate === c ? [turn] : []));
        for (let k = 1; k < turns.length; k++) {
          const gap = turns[k]! - turns[k - 1]!;
          assert.ok(gap < (2 * total) / weight + 1, `gap ${gap} of ${c} in ${weights}`);
        }
      });
    }
  });

  it('gives those who are owed a turn theirs first, and still exact shares', () => {
    const sequence = smoothSequence([10, 10, 10], [-0.9, 0, 0.9]);
    assert.deepEqual(sequence, [2, 1, 0]);
    const random = new Random(3);
    for (let round = 0; round < 300; round++) {
      const weights = Array.from(
        { length: 2 + Math.floor(random.fraction() * 8) },
        () => 1 + Math.floor(random.fraction() * 100),
      );
      const owed = weights.map(() => random.fraction() * 1.998 - 0.999);
      const sorted = (list: number[]): number[] => list.sort((a, b) => a - b);
      assert.deepEqual(
        sorted(smoothSequence(weights, owed)),
        sorted(smoothSequence(weights, none(weights.length))),
        `${weights} owed ${owed}`,
      );
    }
  });

  it('stands the largest group', () => {
    const weights = Array.from({ length: 1_000 }, (_, i) => 1 + (i % 100));
    const sequence = smoothSequence(weights, none(1_000));
    assert.equal(sequence.length, 50_500);
  });
});
