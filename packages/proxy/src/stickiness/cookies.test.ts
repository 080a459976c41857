import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeFailure, fuzz } from '@evenkeel/testbed/fuzz/fuzz.ts';
import { Random } from '../reactor/simulated/random.ts';
import { cookieFuzz } from './cookies.fuzz.ts';
import { findCookie, readSetCookie } from './cookies.ts';

const NAME = Buffer.from('SID');

function all(field: string): string[] {
  const memory = Buffer.from(field, 'latin1');
  const span = { start: 0, end: 0 };
  const found: string[] = [];
  for (let at = findCookie(memory, 0, memory.length, NAME, span); at >= 0; ) {
    found.push(memory.toString('latin1', span.start, span.end));
    at = findCookie(memory, at, memory.length, NAME, span);
  }
  return found;
}

describe('findCookie', () => {
  it('finds every value of the name, in order', () => {
    const cases: [string, string[]][] = [
      ['SID=1', ['1']],
      ['SID=', ['']],
      ['a=b; SID=1; c=d; SID=2', ['1', '2']],
      ['a=b;SID=1', ['1']],
      ['SID="quoted"', ['"quoted"']],
      ['SID=a=b', ['a=b']],
      ['SID=1 ; a=b', ['1']],
      ['', []],
      ['SID', []],
      ['SID; SID=1', ['1']],
      ['XSID=1', []],
      ['sid=1', []],
      ['SID =1', []],
      ['a="; SID=1; b="', ['1']],
      ['SID=1 2; SID=3', ['3']],
      ['SID=a,b', []],
      ['SID=a\\b', []],
      ['SID=\xe4', []],
      [';;; SID=1;', ['1']],
      ['SIDSID=1', []],
      ['a=SID=1', []],
    ];
    for (const [field, values] of cases) assert.deepEqual(all(field), values, field);
  });

  it('reads the first pair of a Set-Cookie field and nothing else', () => {
    const read = (field: string): string | null => {
      const memory = Buffer.from(field, 'latin1');
      const span = { start: 0, end: 0 };
      if (!readSetCookie(memory, 0, memory.length, NAME, span)) return null;
      return memory.toString('latin1', span.start, span.end);
    };
    assert.equal(read('SID=1; Path=/; HttpOnly'), '1');
    assert.equal(read('SID=1'), '1');
    assert.equal(read('a=b; SID=1'), null);
    assert.equal(read('SID=1 2; SID=3'), null);
  });

  it('holds for 4000 mutations', async () => {
    let left = 4_000;
    const { failure } = await fuzz(cookieFuzz, new Random(1), () => left-- > 0);
    assert.equal(failure, null, failure === null ? '' : describeFailure(failure));
  });
});
