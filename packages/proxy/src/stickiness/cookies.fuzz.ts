import assert from 'node:assert/strict';
import { type FuzzTarget, latin1 } from '@evenkeel/testbed/fuzz/target.ts';
import { findCookie } from './cookies.ts';
import { InsertedCookie } from './inserted-cookie.ts';
import { TokenCache } from './token-cache.ts';

const NAME = latin1('SID');
const KEY = Buffer.alloc(32, 3).toString('base64');
const NOW = Date.UTC(2026, 10, 21);

const made = new InsertedCookie(
  'svc',
  { type: 'cookie', cookieName: 'SID', expiry: 0, key: KEY, oldKeys: [] },
  new TokenCache(),
);
const TOKEN = /=([^;]+)/.exec(made.line(42, NOW, false))![1]!;

/**
 * The reading of Cookie fields, held against a reference that splits the text, and against the one token that is good:
 * no input says that the client belongs anywhere, unless it has that token.
 */
export const cookieFuzz: FuzzTarget = {
  name: 'cookie',
  seeds: ['SID=1', 'a=b; SID=2; c="d"', `SID=${TOKEN}`, `a=b;SID=x;SID=${TOKEN}`, 'SID="; SID=1'].map(latin1),
  words: ['SID=', 'SID', '; ', ';', '=', '"', ' ', '\t', ',', '\\', '\x80', TOKEN].map(latin1),
  check(input) {
    const text = Buffer.from(input).toString('latin1');
    const expected = text
      .split(';')
      .map((pair) => /^[ \t]*SID=([!-+\--:<-[\]-~]*)[ \t]*$/.exec(pair)?.[1])
      .filter((value) => value !== undefined);
    // In the middle of other bytes, so that a step over either end would show.
    const memory = new Uint8Array(input.length + 80).fill(83);
    memory.set(latin1('SID=before;'), 0);
    memory.set(input, 40);
    memory.set(latin1(';SID=behind'), 40 + input.length);
    const span = { start: 0, end: 0 };
    const found: string[] = [];
    const end = 40 + input.length;
    for (let at = findCookie(memory, 40, end, NAME, span); at >= 0; at = findCookie(memory, at, end, NAME, span)) {
      found.push(Buffer.from(memory.subarray(span.start, span.end)).toString('latin1'));
    }
    assert.deepEqual(found, expected);
    made.clear();
    made.read(memory, 40, end, NOW);
    assert.equal(made.target, expected.includes(TOKEN) ? 42 : -1);
    return `${found.length} ${made.target} ${found.map((value) => value.length > 3).join()}`;
  },
};
