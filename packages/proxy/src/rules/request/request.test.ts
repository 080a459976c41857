import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HeadError } from '../../http1/head-error.ts';
import { RequestHead } from '../../http1/request-head.ts';
import { Random } from '../../reactor/simulated/random.ts';
import { HostName } from './host-name.ts';
import { hasDotSegment, settlePath } from './target-path.ts';

interface Settled {
  readonly line: string;
  readonly path: string;
  readonly sent: string | null;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The request line as it goes on, and its path; null: refused. */
function settled(target: string, method = 'GET'): Settled | null {
  const text = `${method} ${target} HTTP/1.1\r\nHost: h\r\n\r\n`;
  // No Buffer, whose `slice` copies nothing.
  const memory = new Uint8Array(Buffer.from(`${'#'.repeat(16)}${text}`, 'latin1'));
  const head = new RequestHead();
  assert.equal(head.parse(memory, 16, memory.length), HeadError.none, target);
  const end = settlePath(memory, head);
  if (end < 0) return null;
  const { sentTarget } = head;
  return {
    line: latin1(memory.subarray(head.methodStart, head.lineEnd - 2)),
    path: latin1(memory.subarray(head.pathStart, end)),
    sent: sentTarget === null ? null : latin1(sentTarget),
  };
}

describe('settlePath', () => {
  test('decodes what is encoded without need and capitalizes the digits of the rest, and nothing else', () => {
    for (const [target, path] of [
      ['/', '/'],
      ['/a?b=%61', '/a'],
      ['/%61', '/a'],
      ['/%41%5a%30%39%2D%2e%5F%7e', '/AZ09-._~'],
      ['/%2F%25%3F%00%FF%20', '/%2F%25%3F%00%FF%20'],
      ['/%2f%3f%fF%c3%A9', '/%2F%3F%FF%C3%A9'],
      ['/%61%c3%62', '/a%C3b'],
      ['/fe%c3?c3=%c3', '/fe%C3'],
      ['/%2561', '/%2561'],
      ['/x%61y%62z', '/xaybz'],
      ['/%61%2F%62', '/a%2Fb'],
    ] as const) {
      const result = settled(target);
      assert.equal(result?.path, path, target);
      assert.equal(
        result?.line,
        `GET ${path}${target.includes('?') ? target.slice(target.indexOf('?')) : ''} HTTP/1.1`,
      );
      assert.equal(result?.sent, target.split('?')[0] === path ? null : target);
    }
  });

  test('an absolute-form target becomes one in origin-form when its path changes', () => {
    assert.deepEqual(settled('http://h/%61?q', 'OPTIONS'), {
      line: 'OPTIONS /a?q HTTP/1.1',
      path: '/a',
      sent: 'http://h/%61?q',
    });
    assert.equal(settled('http://h/b')?.path, '/b');
  });

  test('refuses dot segments in every spelling, and broken percent signs', () => {
    for (const target of [
      '/.',
      '/..',
      '/a/.',
      '/a/..',
      '/./a',
      '/../a',
      '/a/%2e/b',
      '/a/.%2E/b',
      '/a/%2e%2e',
      '/a%2f..%2fb',
      '/a%5C..',
      '/a\\..\\b',
      '/a%2F%2E%2e',
      '/%',
      '/%4',
      '/%4g',
      '/a%?b',
      '/%%341',
      'http://h/a/../b',
    ]) {
      assert.equal(settled(target), null, target);
    }
  });

  test('lets pass what only looks like one', () => {
    for (const target of ['/...', '/a..', '/..a', '/.a/b.', '/a?/../', '/a//b', '/.;/a', '/a%252e%252e/b']) {
      assert.equal(settled(target)?.path, target.split('?')[0], target);
    }
  });

  test('leaves OPTIONS * alone', () => {
    assert.equal(settled('*', 'OPTIONS')?.path, '*');
  });

  test('agrees with a plain reading of the rules on random paths', () => {
    const random = new Random(3);
    for (let round = 0; round < 20_000; round++) {
      const pieces = ['/', '/', '.', '..', 'a', '%61', '%2e', '%2F', '%5c', '\\', '%', '%4', '%25', '2e', '%00'];
      const path = `/${Array.from({ length: random.below(7) }, () => random.pick(pieces)).join('')}`;
      const unreserved = /^[A-Za-z0-9._~-]$/;
      const broken = /%(?![0-9A-Fa-f]{2})/.test(path);
      const decoded = path.replace(/%([0-9A-Fa-f]{2})/g, (text, digits: string) => {
        const character = String.fromCharCode(Number.parseInt(digits, 16));
        return unreserved.test(character) ? character : text.toUpperCase();
      });
      const dots = decoded.split(/[/\\]|%2f|%5c/i).some((segment) => segment === '.' || segment === '..');
      const expected = broken || dots ? null : decoded;
      assert.equal(settled(path)?.path ?? null, expected, path);
      // What has been settled is settled.
      if (expected !== null) assert.equal(settled(expected)?.path, expected, path);
    }
  });
});

test('an empty piece of memory has no dot segment', () => {
  assert.equal(hasDotSegment(new Uint8Array(0), 0, 0), false);
});

describe('HostName', () => {
  const read = (text: string): string | null => {
    const memory = Buffer.from(`x${text}`, 'latin1');
    const name = new HostName();
    if (!name.read(memory, 1, memory.length)) return null;
    return `${memory.toString('latin1', name.start, name.end)} ${memory.toString('latin1', name.portStart, name.fieldEnd)}`;
  };

  test('takes name and port apart', () => {
    assert.equal(read('a.b'), 'a.b ');
    assert.equal(read('a.b.'), 'a.b ');
    assert.equal(read('a.b:80'), 'a.b 80');
    assert.equal(read('a.b.:80'), 'a.b 80');
    assert.equal(read('a:'), 'a ');
    assert.equal(read('[::1]:80'), '[::1] 80');
    assert.equal(read('[::1]'), '[::1] ');
    assert.equal(read(''), ' ');
    assert.equal(read('.'), '. ');
    assert.equal(read(':80'), ' 80');
  });

  test('refuses what two readers could read in two ways', () => {
    for (const text of ['a:80:90', 'a:b', 'a:8 0', '[::1', '[::1]a', '[::1]:a', 'a[b]', 'a]', '::1', 'a%2Eb', '%61']) {
      assert.equal(read(text), null, text);
    }
  });
});
