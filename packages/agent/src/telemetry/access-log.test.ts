import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingLog } from '../../test/log.ts';
import { settle, VirtualClock } from '../../test/virtual-clock.ts';
import { AccessLog } from './access-log.ts';

function world() {
  const clock = new VirtualClock();
  const ring: string[] = [];
  const written: string[] = [];
  const file = {
    closed: 0,
    failure: null as Error | null,
    gate: Promise.resolve(),
    async append(lines: Uint8Array): Promise<void> {
      await file.gate;
      if (file.failure !== null) throw file.failure;
      written.push(Buffer.from(lines).toString());
    },
    async close(): Promise<void> {
      file.closed++;
    },
  };
  const read = () => {
    const text = ring.shift();
    return text === undefined ? null : Buffer.from(text);
  };
  const { log, lines } = recordingLog();
  const accessLog = new AccessLog({ read, file, clock, log });
  return { clock, ring, written, file, lines, accessLog };
}

test('drains the rings every 50 ms', async () => {
  const { clock, ring, written, accessLog } = world();
  accessLog.start();
  ring.push('a\n', 'b\nc\n');
  await clock.advanceAsync(49);
  assert.deepEqual(written, []);
  await clock.advanceAsync(1);
  assert.deepEqual(written, ['a\n', 'b\nc\n']);
  ring.push('d\n');
  await clock.advanceAsync(50);
  assert.equal(accessLog.writtenBytes, 8);
  await accessLog.stop(100);
  assert.equal(clock.timers, 0);
});

test('takes nothing from the rings while a write is under way', async () => {
  const { clock, ring, written, file, accessLog } = world();
  const gate = Promise.withResolvers<void>();
  file.gate = gate.promise;
  accessLog.start();
  ring.push('a\n', 'b\n', 'c\n');
  await clock.advanceAsync(10_000);
  assert.equal(ring.length, 2);
  gate.resolve();
  await clock.advanceAsync(100);
  assert.deepEqual(written, ['a\n', 'b\n', 'c\n']);
  await accessLog.stop(100);
});

test('a disk that fails costs counted lines, is complained of once, and is tried again every second', async () => {
  const { clock, ring, written, file, lines, accessLog } = world();
  accessLog.start();
  file.failure = new Error('ENOSPC');
  for (let turn = 0; turn < 30; turn++) {
    ring.push('x\ny\n');
    await clock.advanceAsync(100);
  }
  assert.equal(accessLog.dropped, 60);
  assert.equal(accessLog.failing, true);
  assert.equal(file.closed, 3);
  assert.equal(lines.length, 1);
  file.failure = null;
  for (let turn = 0; turn < 12; turn++) {
    ring.push('z\n');
    await clock.advanceAsync(100);
  }
  assert.equal(accessLog.failing, false);
  assert.ok(written.length > 0);
  assert.equal(accessLog.dropped + written.length, 60 + 12, 'each line is either written or counted');
  await accessLog.stop(100);
});

test('reopens the file before the next write when told to', async () => {
  const { clock, ring, file, accessLog } = world();
  accessLog.start();
  accessLog.reopen();
  ring.push('a\n');
  assert.equal(file.closed, 0);
  await clock.advanceAsync(100);
  assert.equal(file.closed, 1);
  await accessLog.stop(100);
});

test('stop writes what is left, and gives up on a disk that hangs', async () => {
  const first = world();
  first.ring.push('last\n');
  await first.accessLog.stop(100);
  assert.deepEqual(first.written, ['last\n']);
  assert.equal(first.file.closed, 1);

  const hanging = world();
  hanging.file.gate = new Promise(() => undefined);
  hanging.ring.push('last\n');
  const stopped = hanging.accessLog.stop(2000);
  await settle();
  hanging.clock.advance(2000);
  await stopped;
});

test('lines are given their format in pieces of whole lines, and nothing is lost', async () => {
  const { clock, ring, written, file } = world();
  const sizes: number[] = [];
  const format = (lines: Uint8Array): Uint8Array => {
    sizes.push(lines.length);
    return Buffer.from(Buffer.from(lines).toString().toUpperCase());
  };
  const read = () => {
    const text = ring.shift();
    return text === undefined ? null : Buffer.from(text);
  };
  const accessLog = new AccessLog({ read, file, format: () => format, clock, log: recordingLog().log });
  const text = Array.from({ length: 5_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 200)}\n`).join('');
  ring.push(text, `${'y'.repeat(200_000)}\n`);
  await accessLog.drain();
  assert.equal(written.join(''), `${text}${'y'.repeat(200_000)}\n`.toUpperCase());
  assert.ok(sizes.length > 5 && sizes.filter((size) => size > 64 * 1024 + 1).length === 1);
  assert.ok(written.every((piece) => piece.endsWith('\n')));
});
