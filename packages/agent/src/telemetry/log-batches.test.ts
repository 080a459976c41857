import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { LogBatches } from './log-batches.ts';
import { RecentRequests } from './recent-requests.ts';

const MEMORY = 4_000;

const line = (id: number, status = 200): string =>
  `{"time":"2026-11-21T10:00:00.000Z","status":${status},"request_id":"r${id}","reason":"none"}\n`;

/** Rings of which every piece lies in the same memory, which is overwritten when the next one is read. */
class Rings {
  readonly pieces: { readonly text: string; readonly mayHaveFailures: boolean }[] = [];
  readonly #memory = Buffer.from(new SharedArrayBuffer(MEMORY), 1);
  mayHaveFailures = false;

  write(text: string, mayHaveFailures = false): void {
    this.pieces.push({ text, mayHaveFailures });
  }

  readAccessLog(): Uint8Array | null {
    this.#memory.fill('-');
    const piece = this.pieces.shift();
    this.mayHaveFailures = piece?.mayHaveFailures ?? false;
    return piece === undefined ? null : this.#memory.subarray(0, this.#memory.write(piece.text));
  }
}

const textOf = (batch: Uint8Array | null): string | null => batch && Buffer.from(batch).toString();

test('what the rings hold is one batch, and what comes while that is written waits for the next round', () => {
  const rings = new Rings();
  const batches = new LogBatches(rings, new RecentRequests(MEMORY, MEMORY));
  assert.equal(batches.next(), null);
  rings.write(line(1));
  rings.write(line(2) + line(3));
  const batch = batches.next();
  rings.write(line(4));
  assert.equal(textOf(batch), line(1) + line(2) + line(3));
  assert.equal(batches.next(), null);
  assert.equal(textOf(batch), line(1) + line(2) + line(3), 'stays as it is');
  assert.equal(textOf(batches.next()), line(4));
  assert.equal(batches.next(), null);
  assert.equal(batches.next(), null);
});

test('a failure is kept as one, also when it was held back at the end of a lap', () => {
  const rings = new Rings();
  const recent = new RecentRequests(1_000, 1_000);
  const batches = new LogBatches(rings, recent);
  const well = line(1).repeat(10);
  rings.write(well);
  rings.write(line(2, 503).repeat(3), true);
  rings.write(line(3));
  assert.equal(textOf(batches.next()), well);
  rings.mayHaveFailures = false;
  assert.equal(textOf(batches.next()), line(2, 503).repeat(3) + line(3));
  const question = { outcome: 'failed', listenerId: null, limit: 9 } as const;
  assert.deepEqual(
    recent.newest(question).lines.map((one) => one['request_id']),
    ['r2', 'r2', 'r2'],
  );
});

for (let seed = 1; seed <= 10; seed++) {
  test(`nothing is lost or told twice, whatever the pieces are, seed ${seed}`, () => {
    const random = new Random(seed);
    const rings = new Rings();
    const batches = new LogBatches(rings, new RecentRequests(MEMORY, MEMORY));
    let [written, read, id] = ['', '', 0];
    for (let round = 0; round < 100; round++) {
      for (let pieces = random.between(0, 6); pieces > 0; pieces--) {
        const text = Array.from({ length: random.between(1, 25) }, () => line(id++)).join('');
        rings.write(text);
        written += text;
      }
      for (let batch = batches.next(); batch !== null; batch = batches.next()) read += textOf(batch);
      assert.equal(read, written);
    }
  });
}
