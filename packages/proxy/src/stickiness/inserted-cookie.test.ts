import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InsertedCookie, type PlannedCookie } from './inserted-cookie.ts';
import { targetNumber } from './target-number.ts';
import { TokenCache } from './token-cache.ts';

const START = Date.UTC(2026, 10, 21);
const HOUR = 3_600_000;

const PLANNED: PlannedCookie = {
  type: 'cookie',
  cookieName: 'EVENKEEL-1',
  expiry: HOUR,
  key: Buffer.alloc(32, 7).toString('base64'),
  oldKeys: [],
};

const [one, two] = [targetNumber('tgt-1'), targetNumber('tgt-2')];

function cookieOf(changes: Partial<PlannedCookie> = {}, serviceId = 'svc-1'): InsertedCookie {
  return new InsertedCookie(serviceId, { ...PLANNED, ...changes }, new TokenCache());
}

/** `name=token` of a Set-Cookie line. */
function pairOf(line: string): string {
  return /^Set-Cookie: ([^;]+);/.exec(line)![1]!;
}

function read(cookie: InsertedCookie, field: string, wallTime: number): { target: number; due: boolean } {
  const memory = Buffer.from(`Cookie: ${field}\r\n`, 'latin1');
  cookie.clear();
  cookie.read(memory, 8, memory.length - 2, wallTime);
  const { target, time, old } = cookie;
  return { target, due: target >= 0 && (old || cookie.isDue(time, wallTime)) };
}

describe('InsertedCookie', () => {
  it('writes a line with all that a browser must know', () => {
    const line = cookieOf().line(one, START, false);
    assert.match(line, /^Set-Cookie: EVENKEEL-1=[A-Za-z0-9_-]{36}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax\r\n$/);
    assert.match(cookieOf().line(one, START, true), /; SameSite=Lax; Secure\r\n$/);
    assert.doesNotMatch(cookieOf({ expiry: 0 }).line(one, START, false), /Max-Age/);
  });

  it('knows its own cookie again, among others and whatever their order', () => {
    const cookie = cookieOf();
    const pair = pairOf(cookie.line(two, START, false));
    for (const field of [pair, `a=b; ${pair}`, `${pair}; a=b`, `a=b;${pair};c="d e"`, `EVENKEEL-1=old; ${pair}`]) {
      assert.deepEqual(read(cookie, field, START), { target: two, due: false }, field);
    }
    // Another worker or node has the same key and nothing else.
    assert.equal(read(cookieOf(), pair, START).target, two);
  });

  it('takes no notice of what is not its own', () => {
    const cookie = cookieOf();
    const pair = pairOf(cookie.line(one, START, false));
    const forged = `${pair.slice(0, -1)}${pair.endsWith('A') ? 'B' : 'A'}`;
    const foreign = pairOf(cookieOf({}, 'svc-2').line(one, START, false));
    const otherKey = pairOf(cookieOf({ key: Buffer.alloc(32, 8).toString('base64') }).line(one, START, false));
    for (const field of [forged, foreign, otherKey, pair.replace('-1', '-2'), `x${pair}`, `${pair}x`, `a="${pair}"`]) {
      // Twice: what is remembered says the same.
      assert.equal(read(cookie, field, START).target, -1, field);
      assert.equal(read(cookie, field, START).target, -1, field);
    }
  });

  it('is renewed as time goes by, and ends', () => {
    const cookie = cookieOf();
    const pair = pairOf(cookie.line(one, START, false));
    assert.deepEqual(read(cookie, pair, START + HOUR / 16 - 1_000), { target: one, due: false });
    assert.deepEqual(read(cookie, pair, START + HOUR / 16 + 1_000), { target: one, due: true });
    assert.deepEqual(read(cookie, pair, START + HOUR - 1), { target: one, due: true });
    assert.equal(read(cookie, pair, START + HOUR + HOUR / 16).target, -1);
    // The clock of the node that made it was ahead, or somebody's is wrong.
    assert.equal(read(cookie, pair, START - 200_000).target, one);
    assert.equal(read(cookie, pair, START - 400_000).target, -1);
    const renewed = pairOf(cookie.line(one, START + HOUR / 2, false));
    assert.deepEqual(read(cookie, renewed, START + HOUR), { target: one, due: true });
  });

  it('without expiry it is the same for ever, and one with a time is replaced', () => {
    const cookie = cookieOf({ expiry: 0 });
    const pair = pairOf(cookie.line(one, START, false));
    assert.equal(pairOf(cookie.line(one, START + 1_000 * HOUR, false)), pair);
    assert.deepEqual(read(cookie, pair, START + 1_000 * HOUR), { target: one, due: false });
    assert.deepEqual(read(cookie, pairOf(cookieOf().line(one, START, false)), START), { target: one, due: true });
  });

  it('accepts the cookies of old keys and has them replaced', () => {
    const old = Buffer.alloc(32, 9).toString('base64');
    const pair = pairOf(cookieOf({ key: old }).line(one, START, false));
    assert.deepEqual(read(cookieOf({ oldKeys: [old] }), pair, START), { target: one, due: true });
  });

  it('of several with its name takes the first that is good', () => {
    const cookie = cookieOf();
    const [first, second] = [one, two].map((target) => pairOf(cookie.line(target, START, false)));
    assert.equal(read(cookie, `${first}; ${second}`, START).target, one);
    assert.equal(read(cookie, `EVENKEEL-1=${'x'.repeat(36)}; ${second}`, START).target, two);
  });
});

describe('TokenCache', () => {
  it('keeps owners apart, and never gives one token for another', () => {
    const cache = new TokenCache();
    const [a, b] = [cache.newOwner(), cache.newOwner()];
    const tokens = Array.from({ length: 6_000 }, (_, i) => Buffer.from(`${i}`.padStart(36, 'abcdefgh')));
    tokens.forEach((token, i) => {
      cache.add(a, token, 0, i, i, false);
      assert.equal(cache.target(cache.find(a, token, 0)), i);
      assert.equal(cache.find(b, token, 0), -1);
    });
    let found = 0;
    tokens.forEach((token, i) => {
      const place = cache.find(a, token, 0);
      if (place < 0) return;
      found++;
      assert.equal(cache.target(place), i);
    });
    assert.ok(found > 0 && found <= 4_096);
  });
});
