import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedHash } from '@evenkeel/model/plan/balancing.ts';
import { HeadError } from '../http1/head-error.ts';
import { RequestHead } from '../http1/request-head.ts';
import { RequestHash } from './request-hash.ts';

function hashOf(key: PlannedHash['key'], name: string, target: string, ...fields: string[]): () => number {
  const hash = new RequestHash({ key, name, loadFactor: 0 });
  const memory = new Uint8Array(4_096);
  const text = [`GET ${target} HTTP/1.1`, ...fields, '', ''].join('\r\n');
  const length = Buffer.from(memory.buffer).write(text, 'latin1');
  const head = new RequestHead();
  assert.equal(head.parse(memory, 0, length), HeadError.none);
  return () => hash.read(memory, head);
}

const of = (...args: Parameters<typeof hashOf>) => hashOf(...args)();

test('each key is read where it stands, and nothing else matters', () => {
  const host = 'Host: a.example';
  assert.equal(of('uri', '', '/a?b=1', host), of('uri', '', '/a?b=1', host, 'X: 1'));
  assert.notEqual(of('uri', '', '/a?b=1', host), of('uri', '', '/a?b=2', host));
  assert.equal(of('path', '', '/a?b=1', host), of('path', '', '/a?b=2', host));
  assert.notEqual(of('path', '', '/a', host), of('path', '', '/b', host));
  assert.equal(of('query', '', '/a?b=1', host), of('query', '', '/c?b=1', host));
  assert.equal(of('host', '', '/a', host), of('host', '', '/b', host));
  assert.equal(of('host', '', '/a', host), of('host', '', '/a', 'Host: A.Example'));
  assert.notEqual(of('host', '', '/a', host), of('host', '', '/a', 'Host: b.example'));
  assert.equal(
    of('header', 'x-tenant', '/a', host, 'X-Tenant: t1'),
    of('header', 'x-tenant', '/b', host, 'x-tenant: t1'),
  );
  assert.notEqual(
    of('header', 'x-tenant', '/a', host, 'X-Tenant: t1'),
    of('header', 'x-tenant', '/a', host, 'X-Tenant: t2'),
  );
  assert.equal(of('cookie', 'sid', '/a', host, 'Cookie: a=1; sid=x'), of('cookie', 'sid', '/b', host, 'Cookie: sid=x'));
  assert.notEqual(of('cookie', 'sid', '/a', host, 'Cookie: sid=x'), of('cookie', 'sid', '/a', host, 'Cookie: sid=y'));
});

test('the numbers are known: they must not change between versions, or every key moves', () => {
  assert.deepEqual([of('uri', '', '/a?b=1', 'Host: a'), of('path', '', '/', 'Host: a')], [876913850, 969326414]);
});

test('requests without the key are spread', () => {
  for (const [key, name, field] of [
    ['header', 'x-tenant', 'X-Other: 1'],
    ['cookie', 'sid', 'Cookie: other=1; sid='],
    ['query', '', 'X: 1'],
  ] as const) {
    const next = hashOf(key, name, '/a', 'Host: a', field);
    assert.equal(new Set(Array.from({ length: 100 }, next)).size, 100, key);
  }
});
