import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChunkedReader } from './chunked.ts';

/** Feeds `text` in pieces of `size` bytes; returns the data, and how many bytes belonged to the body. */
function read(text: string, size: number): { data: string; consumed: number; reader: ChunkedReader } {
  const memory = Buffer.from(text, 'latin1');
  const reader = new ChunkedReader();
  let data = '';
  let at = 0;
  while (at < memory.length && !reader.done && !reader.failed) {
    const end = Math.min(at + size, memory.length);
    while (at < end && !reader.done && !reader.failed) {
      at = reader.next(memory, at, end);
      data += memory.toString('latin1', reader.dataStart, reader.dataEnd);
    }
  }
  return { data, consumed: at, reader };
}

describe('ChunkedReader', () => {
  const body = '5\r\nhello\r\n00a;name="v;x"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n';
  for (const size of [1, 2, 3, 7, 1000]) {
    test(`finds data and end in pieces of ${size}`, () => {
      const { data, consumed, reader } = read(`${body}GET /`, size);
      assert.equal(data, 'hello0123456789');
      assert.equal(consumed, body.length);
      assert.equal(reader.done, true);
    });
  }

  test('skip finds the same end', () => {
    const memory = Buffer.from(`${body}next`, 'latin1');
    const reader = new ChunkedReader();
    assert.equal(reader.skip(memory, 0, memory.length), body.length);
    assert.equal(reader.done, true);
  });

  test('every prefix is neither done nor failed', () => {
    for (let length = 1; length < body.length; length++) {
      const { reader } = read(body.slice(0, length), 1000);
      assert.equal(reader.done || reader.failed, false, JSON.stringify(body.slice(0, length)));
    }
  });

  const bad = [
    '\r\n',
    'g\r\n',
    ' 5\r\nhello\r\n',
    '5 \r\nhello\r\n',
    '5\nhello\r\n',
    '5\r\nhello\n',
    '5\r\nhelloX\r\n',
    '-5\r\n',
    '0x5\r\n',
    '5;\x00\r\n',
    '5;a\nb\r\n',
    '1000000000000\r\n',
    '0\r\n Folded: x\r\n\r\n',
    '0\r\nNo colon\r\n\r\n',
    '0\r\nA: b\n\r\n',
    '0\r\n\rX',
    `5;${'e'.repeat(20_000)}\r\n`,
    `0\r\n${'Trailer: x\r\n'.repeat(2000)}\r\n`,
  ];
  for (const text of bad) {
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      for (const size of [1, 1000]) assert.equal(read(text, size).reader.failed, true);
    });
  }
});
