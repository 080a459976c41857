import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { LineStore } from './line-store.ts';

const SIZE = 200;

/** The same, told by all bytes that were ever added. */
class Everything {
  #text = '';

  add(lines: string): void {
    this.#text += lines;
  }

  get lines(): string[] {
    if (this.#text.length <= SIZE) return this.#text.split('\n').slice(0, -1);
    return this.#text.slice(-SIZE).split('\n').slice(1, -1);
  }
}

describe('LineStore', () => {
  it('is empty at first', () => {
    const store = new LineStore(SIZE);
    assert.equal(store.oldest, null);
    assert.deepEqual(store.find(Buffer.from('x'), 10), []);
  });

  it('finds the line that goes around the end of its memory', () => {
    const store = new LineStore(20);
    store.add(Buffer.from('aaaaaaa\nbbbbbbb\n'));
    store.add(Buffer.from('cccccccc\n'));
    assert.deepEqual(store.find(Buffer.from('cc'), 10), ['cccccccc']);
    assert.equal(store.oldest, 'bbbbbbb');
  });

  it('has lost a line whose beginning is gone, also when nothing else is left', () => {
    const store = new LineStore(20);
    store.add(Buffer.from(`${'a'.repeat(11)}\n`));
    store.add(Buffer.from(`${'b'.repeat(25)}\n`));
    assert.equal(store.oldest, null);
    assert.deepEqual(store.find(Buffer.from('b'), 10), []);
  });

  for (let seed = 1; seed <= 20; seed++) {
    it(`holds the newest lines that fit, and finds them, seed ${seed}`, () => {
      const random = new Random(seed);
      const store = new LineStore(SIZE);
      const everything = new Everything();
      for (let step = 0; step < 200; step++) {
        let lines = '';
        for (let count = random.between(1, 4); count > 0; count--) {
          lines += `${'xyz'.charAt(random.between(0, 2)).repeat(random.between(0, random.chance(0.02) ? 250 : 40))}${step}\n`;
        }
        store.add(Buffer.from(lines));
        everything.add(lines);
        const there = everything.lines;
        assert.equal(store.oldest, there[0] ?? null);
        for (const needle of ['xx', 'y', `${step - 1}`]) {
          const expected = there.filter((line) => line.includes(needle)).reverse();
          assert.deepEqual(store.find(Buffer.from(needle), 3), expected.slice(0, 3));
        }
      }
    });
  }
});
