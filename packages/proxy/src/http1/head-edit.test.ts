import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HeadEdit } from './head-edit.ts';

/** Applies an edit the plain way, on strings. */
function expected(line: string, kept: [string, boolean][], insert: string): string {
  return (
    line +
    insert +
    kept
      .filter(([, keep]) => keep)
      .map(([text]) => text)
      .join('')
  );
}

describe('HeadEdit', () => {
  test('removes and inserts in every combination, and tells where kept bytes have gone', () => {
    const lines = ['A: 1\r\n', 'Bbbbbb: 22\r\n', 'C:\r\n', 'Dd: 4444\r\n', '\r\n'];
    const line = 'GET / HTTP/1.1\r\n';
    const body = 'BODY';
    for (let mask = 0; mask < 16; mask++) {
      for (const insert of ['', 'X: y\r\n', `Long: ${'z'.repeat(60)}\r\n`]) {
        const kept = lines.map((text, i): [string, boolean] => [text, i === 4 || (mask & (1 << i)) !== 0]);
        const headroom = 200;
        const memory = Buffer.alloc(1000, '#');
        const head = line + lines.join('');
        memory.write(head + body, headroom, 'latin1');
        memory.write(insert, 800, 'latin1');
        const edit = new HeadEdit();
        let at = headroom + line.length;
        const starts: number[] = [];
        for (const [text, keep] of kept) {
          starts.push(at);
          if (!keep) edit.remove(at, at + text.length);
          at += text.length;
        }
        const end = headroom + head.length;
        const start = edit.apply(memory, headroom, headroom + line.length, end, 800, 800 + insert.length);
        assert.equal(memory.toString('latin1', start, end + body.length), expected(line, kept, insert) + body);
        assert.equal(memory.toString('latin1', headroom + edit.movedBy(headroom)).startsWith('GET /'), true);
        for (let i = 0; i < kept.length; i++) {
          if (!kept[i]![1]) continue;
          const moved = starts[i]! + edit.movedBy(starts[i]!);
          assert.equal(memory.toString('latin1', moved, moved + kept[i]![0].length), kept[i]![0]);
        }
        edit.clear();
      }
    }
  });
});
