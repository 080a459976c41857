import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { newStickTable, StickTable } from './stick-table.ts';

let draws = 0;
const table = (): StickTable => new StickTable(newStickTable(() => (++draws * 0.618) % 1));

describe('StickTable', () => {
  it('finds who was remembered, as long as that was not too long ago', () => {
    const clients = table();
    const key = clients.keyOfText('192.0.2.1');
    assert.equal(clients.find(key, 0), -1);
    clients.remember(key, 77, 1_000);
    assert.equal(clients.find(key, 1_000), 77);
    assert.equal(clients.find(key, 1_001), -1);
    clients.remember(key, 2 ** 48 - 1, 5_000);
    assert.equal(clients.find(key, 2_000), 2 ** 48 - 1);
  });

  it('keys of text and of the same bytes are equal in one table and differ between tables', () => {
    const [a, b] = [table(), table()];
    assert.equal(a.keyOfText('abc'), a.keyOfText('abc'));
    assert.notEqual(a.keyOfText('abc'), b.keyOfText('abc'));
    const memory = Buffer.from('..session-1..');
    assert.equal(a.keyOfBytes(memory, 2, 11), a.keyOfBytes(Buffer.from('session-1'), 0, 9));
    assert.notEqual(a.keyOfBytes(memory, 2, 11), a.keyOfBytes(memory, 2, 10));
    for (let i = 0; i < 10_000; i++) {
      const key = a.keyOfText(`client ${i}`);
      assert.ok(Number.isSafeInteger(key) && key > 0 && key <= 2 ** 52);
    }
  });

  it('holds tens of thousands, and forgets who was not seen for longest when there is no room', () => {
    const clients = table();
    const keys = Array.from({ length: 30_000 }, (_, i) => clients.keyOfText(`198.51.${i >> 8}.${i & 255}`));
    keys.forEach((key, i) => {
      clients.remember(key, i, 1_000 + i);
    });
    const kept = keys.filter((key, i) => clients.find(key, 0) === i).length;
    assert.ok(kept > 29_000, `${kept} of 30000 are kept`);
    const more = Array.from({ length: 200_000 }, (_, i) => clients.keyOfText(`more ${i}`));
    more.forEach((key, i) => {
      clients.remember(key, i, 100_000 + i);
      assert.equal(clients.find(key, 0), i);
    });
    const late = more.slice(-5_000).filter((key) => clients.find(key, 0) >= 0).length;
    assert.ok(late > 4_900, `${late} of the last 5000 are kept`);
    assert.ok(keys.filter((key) => clients.find(key, 0) >= 0).length < 100);
  });

  it('is one table for all threads, and stays whole when they write at once', async () => {
    const memory = newStickTable(() => 0.5);
    const clients = new StickTable(memory);
    const body = `
      const { workerData } = require('node:worker_threads');
      import(workerData.url).then(({ StickTable }) => {
        const table = new StickTable(workerData.memory);
        for (let round = 0; round < 20; round++) {
          for (let i = 0; i < 2000; i++) {
            const key = table.keyOfText('client ' + i);
            table.remember(key, i, 1000 + round);
            const found = table.find(key, 0);
            if (found !== i && found !== -1) throw new Error(found + ' instead of ' + i);
          }
        }
      });`;
    const url = new URL('./stick-table.ts', import.meta.url).href;
    await Promise.all(
      [1, 2].map(
        () =>
          new Promise((resolve, reject) => {
            const thread = new Worker(body, { eval: true, workerData: { url, memory } });
            thread.on('error', reject);
            thread.on('exit', resolve);
          }),
      ),
    );
    const right = Array.from({ length: 2_000 }, (_, i) => clients.find(clients.keyOfText(`client ${i}`), 1_000) === i);
    assert.ok(right.filter(Boolean).length > 1_990);
  });

  it('goes on when a thread has died with a bucket in its hands', () => {
    const memory = newStickTable(() => 0.25);
    const clients = new StickTable(memory);
    const key = clients.keyOfText('192.0.2.9');
    clients.remember(key, 5, 1_000);
    memory.control.fill(1, 2);
    assert.equal(clients.find(key, 0), 5);
    clients.remember(key, 6, 2_000);
    assert.equal(clients.find(key, 0), 5);
  });
});
