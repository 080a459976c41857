import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { LineStore } from './line-store.ts';

const SIZE = 400;
/** Lines that come together, and bytes of one. */
const LINES = 4;
const LONGEST = 24;

describe('LineStore', () => {
  it('is empty at first', () => {
    const store = new LineStore(SIZE);
    assert.equal(store.oldest, null);
    assert.deepEqual(store.find(Buffer.from('x'), 10), []);
  });

  it('begins a new lap where lines have no room behind the last ones, and forgets what they cover', () => {
    const store = new LineStore(20);
    store.add(Buffer.from('aaaaaaa\nbbbbbbb\n'));
    assert.ok(store.hasRoom(4) && !store.hasRoom(5));
    store.add(Buffer.from('|ccc\n'));
    assert.deepEqual(store.find(Buffer.from('cc'), 10), ['|ccc']);
    assert.equal(store.oldest, 'bbbbbbb');
    store.add(Buffer.from('|ddddddddd\n'));
    assert.deepEqual(store.find(Buffer.from('|'), 10), ['|ddddddddd', '|ccc']);
  });

  it('takes no more than it has room for', () => {
    const store = new LineStore(20);
    store.add(Buffer.from(`${'a'.repeat(19)}\n`));
    assert.throws(() => store.add(Buffer.from(`${'b'.repeat(20)}\n`)), RangeError);
    assert.equal(store.oldest, 'a'.repeat(19));
  });

  it('takes lines of memory that threads share', () => {
    const shared = Buffer.from(new SharedArrayBuffer(10), 3, 6);
    shared.write('xyxyx\n');
    const store = new LineStore(20);
    assert.equal(store.add(shared).toString(), 'xyxyx\n');
    shared.fill('-');
    assert.equal(store.oldest, 'xyxyx');
  });

  for (let seed = 1; seed <= 20; seed++) {
    it(`holds the newest lines, and finds them, seed ${seed}`, () => {
      const random = new Random(seed);
      const store = new LineStore(SIZE);
      const all: string[] = [];
      for (let step = 0; step < 200; step++) {
        const lines = Array.from({ length: random.between(1, LINES) }, () => {
          return `|${'xyz'.charAt(random.between(0, 2)).repeat(random.between(0, 19))}${step}`;
        });
        const text = `${lines.join('\n')}\n`;
        assert.equal(store.add(Buffer.from(text)).toString(), text);
        all.push(...lines);
        const there = store.find(Buffer.from('|'), 1_000).reverse();
        assert.deepEqual(there, all.slice(all.length - there.length), 'the newest, and none left out');
        const bytes = there.join('\n').length + 1;
        // What was added last had no room at the end of the lap, and covers the beginning of a line.
        const lost = LONGEST * LINES + LONGEST;
        assert.ok(there.length === all.length || bytes > SIZE - lost, `${bytes} bytes are there`);
        assert.equal(store.oldest, there[0]);
        for (const needle of ['xx', 'y', `${step - 1}`]) {
          const expected = there.filter((line) => line.includes(needle)).reverse();
          assert.deepEqual(store.find(Buffer.from(needle), 3), expected.slice(0, 3));
        }
      }
    });
  }
});
