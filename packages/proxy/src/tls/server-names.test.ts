import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askedName, nameOfHost } from './asked-name.ts';
import { ServerNames } from './server-names.ts';
import { commonNameOf } from './tls-facts.ts';

describe('ServerNames', () => {
  const names = new ServerNames<string>();
  for (const name of ['a.test', '*.a.test', '*.b.a.test', '*.test', 'www.a.test']) names.set(name, name);

  for (const [asked, found] of [
    ['a.test', 'a.test'],
    ['www.a.test', 'www.a.test'],
    ['x.a.test', '*.a.test'],
    ['x.y.a.test', '*.a.test'],
    ['x.b.a.test', '*.b.a.test'],
    ['b.a.test', '*.a.test'],
    ['other.test', '*.test'],
    ['test', undefined],
    ['a.example', undefined],
    ['', undefined],
  ] as const) {
    it(`finds ${found ?? 'nothing'} for "${asked}"`, () => assert.equal(names.find(asked), found));
  }

  it('finds all that fits, the best first', () => {
    assert.deepEqual([...names.all('www.a.test')], ['www.a.test', '*.a.test', '*.test']);
    assert.deepEqual([...names.all('x.b.a.test')], ['*.b.a.test', '*.a.test', '*.test']);
    assert.deepEqual([...names.all('a.example')], []);
  });

  it('gives back what was set for a name, not for those that it covers', () => {
    assert.equal(names.get('*.a.test'), '*.a.test');
    assert.equal(names.get('x.a.test'), undefined);
  });
});

describe('askedName', () => {
  for (const [host, name] of [
    ['A.Test:8443', 'a.test'],
    ['10.0.0.1', '10.0.0.1'],
    ['[::1]:80', ''],
    ['a..test', ''],
    ['a test', ''],
    ['', ''],
    [`${'a.'.repeat(127)}a`, ''],
  ] as const) {
    it(`of "${host.slice(0, 20)}" is "${name}"`, () => {
      const bytes = Buffer.from(`x${host}y`);
      assert.equal(askedName(bytes, 1, bytes.length - 1), name);
      assert.equal(nameOfHost(host), name);
    });
  }
});

describe('commonNameOf', () => {
  for (const [subject, name] of [
    ['CN=alice,O=Example', 'alice'],
    ['O=Example,CN=a\\, b', 'a, b'],
    ['CN=Zo\\C3\\AB', 'Zoë'],
    ['O=CN=x', ''],
    ['', ''],
  ] as const) {
    it(`of "${subject}" is "${name}"`, () => assert.equal(commonNameOf(subject), name));
  }
});
