import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../reactor/simulated/random.ts';
import { AccessLogRing, MAX_LINE } from './access-log-ring.ts';

function write(ring: AccessLogRing, line: string): boolean {
  const at = ring.begin();
  if (at < 0) return false;
  const { written } = new TextEncoder().encodeInto(line, ring.bytes.subarray(at));
  ring.commit(at + written);
  return true;
}

function read(ring: AccessLogRing): string {
  let text = '';
  for (let lines = ring.read(); lines !== null; lines = ring.read()) text += Buffer.from(lines).toString();
  return text;
}

describe('access log ring', () => {
  it('gives nothing when it is empty, and what was written once', () => {
    const ring = AccessLogRing.create();
    assert.equal(ring.read(), null);
    write(ring, 'one\n');
    write(ring, 'two\n');
    assert.equal(read(ring), 'one\ntwo\n');
    assert.equal(ring.read(), null);
  });

  it('says whether there may be failures among what it hands out, and never hides one', () => {
    const ring = AccessLogRing.create(2 * MAX_LINE);
    const random = new Random(3);
    let [missed, idle] = [0, 0];
    for (let round = 0; round < 5_000; round++) {
      for (let count = random.below(6); count > 0; count--) {
        const at = ring.begin();
        if (at < 0) break;
        const failed = random.below(12) === 0;
        ring.bytes.fill(failed ? 70 : 87, at, at + 2_000);
        ring.commit(at + 2_000, failed);
      }
      for (let lines = ring.read(); lines !== null; lines = ring.read()) {
        if (!ring.mayHaveFailures) {
          if (lines.includes(70)) missed++;
          idle++;
        }
      }
    }
    assert.equal(missed, 0);
    assert.ok(idle > 1_000, `${idle} times nobody had to look`);
  });

  it('keeps a line to itself until it is complete', () => {
    const ring = AccessLogRing.create();
    ring.bytes.set([97, 98], ring.begin());
    assert.equal(ring.read(), null);
  });

  it('what it hands out stays as it is until the next call, however much is written', () => {
    const ring = AccessLogRing.create(4 * MAX_LINE);
    const line = `${'x'.repeat(999)}\n`;
    write(ring, 'first\n');
    const lines = ring.read()!;
    while (write(ring, line));
    assert.equal(Buffer.from(lines).toString(), 'first\n');
    assert.ok(ring.dropped > 0);
    ring.read();
    assert.equal(ring.read(), null);
    assert.ok(write(ring, 'last\n'));
    assert.equal(read(ring), 'last\n');
  });

  it('a lap that was read to its end gives way to the next one', () => {
    const ring = AccessLogRing.create(2 * MAX_LINE);
    const line = `${'x'.repeat(MAX_LINE - 1)}\n`;
    assert.ok(write(ring, line));
    assert.ok(write(ring, line));
    assert.equal(ring.read()?.length, 2 * MAX_LINE);
    assert.equal(ring.read(), null);
    // The ring is empty, with both ends where the lap ends.
    assert.ok(write(ring, 'a\n'));
    assert.ok(write(ring, 'b\n'));
    assert.equal(read(ring), 'a\nb\n');
    assert.ok(write(ring, 'c\n'));
    assert.equal(read(ring), 'c\n');
  });

  it('drops whole lines while it is full, counts them, and goes on when it is read', () => {
    const ring = AccessLogRing.create(4 * MAX_LINE);
    const line = `${'x'.repeat(999)}\n`;
    let kept = 0;
    while (write(ring, line)) kept++;
    assert.ok(kept * 1_000 >= 4 * MAX_LINE - MAX_LINE && kept * 1_000 <= 5 * MAX_LINE, `${kept} lines kept`);
    assert.equal(ring.dropped, 1);
    assert.equal(write(ring, line), false);
    assert.equal(ring.dropped, 2);
    assert.equal(read(ring), line.repeat(kept));
    assert.ok(write(ring, 'again\n'));
    assert.equal(read(ring), 'again\n');
  });

  it('loses, repeats and tears nothing over many laps, whatever the reader’s pace', () => {
    const random = new Random(7);
    const writer = AccessLogRing.create(2 * MAX_LINE);
    const reader = new AccessLogRing(writer.shared);
    let written = '';
    let got = '';
    let dropped = 0;
    for (let n = 0; n < 20_000; n++) {
      const line = `${n}${'.'.repeat(Math.floor(random.fraction() ** 4 * (MAX_LINE - 100)))}\n`;
      if (write(writer, line)) written += line;
      else dropped++;
      if (random.fraction() < 0.2) got += read(reader);
    }
    got += read(reader);
    assert.equal(got.length, written.length);
    assert.ok(got === written);
    assert.equal(reader.dropped, dropped);
    assert.ok(dropped > 0);
  });

  it('refuses memory that holds no two lines', () => {
    assert.throws(() => new AccessLogRing(new SharedArrayBuffer(MAX_LINE)), RangeError);
  });
});
