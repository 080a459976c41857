import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { targetNumber } from './target-number.ts';
import { TOKEN_LENGTH, TokenSealer } from './token.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 2).toString('base64');
const CONTENT = { target: targetNumber('tgt-1'), time: 1_795_000_000 };

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('TokenSealer', () => {
  it('opens what it has sealed, in any place of memory', () => {
    const sealer = new TokenSealer('svc-1', KEY, []);
    const token = sealer.seal(CONTENT);
    assert.equal(token.length, TOKEN_LENGTH);
    assert.match(token, /^[A-Za-z0-9_-]+$/);
    assert.deepEqual(sealer.open(bytes(`xx${token}xx`), 2), { ...CONTENT, old: false });
    for (const content of [
      { target: 0, time: 0 },
      { target: 2 ** 48 - 1, time: 2 ** 32 - 1 },
    ]) {
      assert.deepEqual(sealer.open(bytes(sealer.seal(content)), 0), { ...content, old: false });
    }
  });

  it('makes the same token of the same content everywhere, and another one of any other', () => {
    const token = new TokenSealer('svc-1', KEY, []).seal(CONTENT);
    assert.equal(new TokenSealer('svc-1', KEY, [OTHER_KEY]).seal(CONTENT), token);
    const others = [
      new TokenSealer('svc-2', KEY, []).seal(CONTENT),
      new TokenSealer('svc-1', OTHER_KEY, []).seal(CONTENT),
      new TokenSealer('svc-1', KEY, []).seal({ ...CONTENT, time: CONTENT.time + 1 }),
      new TokenSealer('svc-1', KEY, []).seal({ ...CONTENT, target: CONTENT.target + 1 }),
    ];
    // Nothing but the name of the key is alike: no part tells of a part of the content.
    for (const other of others) {
      const same = Array.from(token).filter((character, index) => character === other[index]).length;
      assert.ok(same < 10, `${token} and ${other}`);
    }
  });

  it('opens nothing that was changed in one bit, cut, or sealed for another service or with another key', () => {
    const sealer = new TokenSealer('svc-1', KEY, []);
    const token = Buffer.from(sealer.seal(CONTENT), 'base64url');
    for (let bit = 0; bit < token.length * 8; bit++) {
      const changed = Buffer.from(token);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(sealer.open(bytes(changed.toString('base64url')), 0), null, `bit ${bit}`);
    }
    assert.equal(sealer.open(bytes(new TokenSealer('svc-2', KEY, []).seal(CONTENT)), 0), null);
    assert.equal(sealer.open(bytes(new TokenSealer('svc-1', OTHER_KEY, []).seal(CONTENT)), 0), null);
    for (const text of ['', '='.repeat(TOKEN_LENGTH), ' '.repeat(TOKEN_LENGTH), '\0'.repeat(TOKEN_LENGTH)]) {
      assert.equal(sealer.open(bytes(text.padEnd(TOKEN_LENGTH, '.')), 0), null);
    }
    const standard = token.toString('base64');
    if (standard !== token.toString('base64url')) assert.equal(sealer.open(bytes(standard), 0), null);
  });

  it('opens tokens of old keys, and says so', () => {
    const token = new TokenSealer('svc-1', OTHER_KEY, []).seal(CONTENT);
    assert.deepEqual(new TokenSealer('svc-1', KEY, [OTHER_KEY]).open(bytes(token), 0), { ...CONTENT, old: true });
  });

  it('tells nothing of its content by its looks', () => {
    const sealer = new TokenSealer('svc-1', KEY, []);
    const seen = Buffer.concat(
      Array.from({ length: 500 }, (_, i) => Buffer.from(sealer.seal({ target: i, time: i }), 'base64url').subarray(1)),
    );
    // Each bit is set about half of the time: five standard deviations of 500 coins are 56.
    for (let bit = 0; bit < 26 * 8; bit++) {
      let set = 0;
      for (let i = 0; i < 500; i++) set += (seen[i * 26 + (bit >> 3)]! >> (bit & 7)) & 1;
      assert.ok(Math.abs(set - 250) < 60, `bit ${bit} is set ${set} times of 500`);
    }
  });
});
