import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesOf } from '../condition.ts';
import { NotCarried } from '../findings.ts';
import { Acls } from './conditions.ts';
import { wordsOf } from './words.ts';

const statement = (text: string) => ({ words: wordsOf(text), text, file: 'test.cfg', line: 1 });
const acls = new Acls(
  [
    'acl api path_beg /api/',
    'acl api path_beg /v2/',
    'acl shop hdr(host) -i Shop.example.com:8080',
    'acl inside src 10.0.0.0/8 192.168.1.1',
    'acl keyed hdr(X-Key) -m found',
    'acl secure ssl_fc',
    'acl file hdr(host) -f hosts.lst',
  ].map(statement),
);
const matches = (condition: string, tls = false) =>
  matchesOf(acls.condition(wordsOf(`use_backend x ${condition}`)), tls);

test('acls of one name are alternatives, terms beside each other all hold', () => {
  assert.deepEqual(matches('if api shop'), [
    {
      paths: [
        { kind: 'prefix', value: '/api/' },
        { kind: 'prefix', value: '/v2/' },
      ],
      hosts: ['shop.example.com'],
    },
  ]);
});

test('or, braces and predefined acls', () => {
  assert.deepEqual(matches('if { path /x } or METH_POST shop'), [
    { paths: [{ kind: 'exact', value: '/x' }] },
    { methods: ['POST'], hosts: ['shop.example.com'] },
  ]);
  assert.deepEqual(matches('if FALSE'), []);
});

test('what is not so can be said of TLS, of fields that are absent, and of addresses', () => {
  assert.deepEqual(matches('if !secure'), [{}]);
  assert.deepEqual(matches('if !secure', true), []);
  assert.deepEqual(matches('unless secure', true), []);
  assert.deepEqual(matches('if !keyed'), [{ headers: [{ name: 'X-Key', kind: 'absent' }] }]);
  const [outside, more] = matches('if !inside');
  assert.equal(outside?.sources?.length, 20);
  assert.ok((more?.sources?.length ?? 0) > 0);
  assert.ok(!outside?.sources?.some((network) => network.startsWith('10.')));
});

for (const [condition, reason] of [
  ['if !api', /asks for what a request is not/],
  ['if file', /from a file/],
  ['if missing_acl', /missing_acl/],
  ['if { dst_conn gt 100 }', /dst_conn/],
  ['if { path_beg /a } { path_beg /b }', /two kinds of paths/],
  ['if { path_reg (?=x) }', /regular expression/],
] as const) {
  test(`${condition} is told with the reason`, () => {
    assert.throws(
      () => matches(condition),
      (error: Error) => error instanceof NotCarried && reason.test(error.message),
    );
  });
}
