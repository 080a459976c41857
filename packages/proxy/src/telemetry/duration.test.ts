import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LISTENER_ROW, ListenerCell } from './cells.ts';
import { countDuration, DURATION_BOUNDS, durationBucket, durationCounts } from './duration.ts';
import { END_REASONS } from './end-reason.ts';

describe('duration histogram', () => {
  it('puts a duration into the first bucket whose bound it does not pass', () => {
    const samples = [0, 0.25, 0.7, 1.5, 3, 33.3, 1_000, 59_999, 65_537, 1e9, 1e15];
    for (const bound of DURATION_BOUNDS) samples.push(bound * 1_000, bound * 1_000 - 0.01, bound * 1_000 + 0.01);
    for (const milliseconds of samples) {
      const found = DURATION_BOUNDS.findIndex((bound) => milliseconds <= bound * 1_000);
      assert.equal(durationBucket(milliseconds), found < 0 ? DURATION_BOUNDS.length : found, `${milliseconds} ms`);
    }
  });

  it('spans half a millisecond to a minute', () => {
    assert.equal(DURATION_BOUNDS[0], 0.0005);
    assert.ok(DURATION_BOUNDS.at(-1)! > 60);
  });

  it('is read back from a row in seconds', () => {
    const row = new Float64Array(LISTENER_ROW);
    countDuration(row, 0.4);
    countDuration(row, 3);
    countDuration(row, 70_000);
    const { counts, sum, bounds } = durationCounts(row);
    assert.equal(counts.length, bounds.length + 1);
    assert.deepEqual(
      counts.flatMap((count, bucket) => (count > 0 ? [[bucket, count]] : [])),
      [
        [0, 1],
        [3, 1],
        [18, 1],
      ],
    );
    assert.ok(Math.abs(sum - 70.0034) < 1e-9);
  });

  it('leaves room in the row for itself and for every reason', () => {
    assert.ok(ListenerCell.duration + DURATION_BOUNDS.length + 1 <= ListenerCell.reasons);
    assert.ok(ListenerCell.reasons + END_REASONS.length <= LISTENER_ROW);
  });
});

describe('end reasons', () => {
  it('have a name of two parts each', () => {
    assert.equal(END_REASONS[0], 'none');
    for (const name of END_REASONS.slice(1)) {
      assert.match(
        name,
        /^(client|target|proxy)-(accept|route|connect|(request|response)-(head|body)|tunnel|idle|authentication|handshake|plain-http|queue-(full|timeout)|rebalance)$/,
      );
    }
    assert.equal(new Set(END_REASONS).size, END_REASONS.length);
  });
});
