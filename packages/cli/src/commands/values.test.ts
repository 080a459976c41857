import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';
import {
  integer,
  integerOrNone,
  integersOrNone,
  NONE,
  onOff,
  protocolAndPort,
  several,
  tag,
  target,
} from './values.ts';

for (const [text, expected] of [
  ['10.0.0.1', { address: '10.0.0.1' }],
  ['10.0.0.1:8080', { address: '10.0.0.1', port: 8080 }],
  ['[2001:db8::1]:8080', { address: '2001:db8::1', port: 8080 }],
  ['[2001:db8::1]', { address: '2001:db8::1' }],
  ['2001:db8::1', { address: '2001:db8::1' }],
  ['::1', { address: '::1' }],
  [
    '10.0.0.1:8080,weight=0,zone=a,name=small',
    { address: '10.0.0.1', port: 8080, weight: 0, zone: 'a', name: 'small' },
  ],
  // Whether it is an address is for the API to say, with the field.
  ['server-1:80', { address: 'server-1', port: 80 }],
] as const) {
  test(`target ${text}`, () => assert.deepEqual(target(text), expected));
}

for (const text of [
  '',
  ':80',
  '10.0.0.1:',
  '10.0.0.1:x',
  '[::1',
  '10.0.0.1,weight=heavy',
  '10.0.0.1,colour=red',
  'x:1:b',
]) {
  test(`no target: "${text}"`, () => assert.throws(() => target(text), InvalidArgumentError));
}

test('protocol and port', () => {
  assert.deepEqual(protocolAndPort('http:80'), { protocol: 'http', port: 80 });
  for (const text of ['http', '80', 'http:', 'http:80:1', 'http:123456']) {
    assert.throws(() => protocolAndPort(text), InvalidArgumentError, text);
  }
});

test('numbers, switches, ports', () => {
  assert.equal(integer('-1'), -1);
  for (const text of ['', '1.5', '0x10', '1e3', ' 1', '9'.repeat(30)]) {
    assert.throws(() => integer(text), InvalidArgumentError, text);
  }
  assert.deepEqual([onOff('on'), onOff('off')], [true, false]);
  assert.throws(() => onOff('yes'), InvalidArgumentError);
  assert.deepEqual([integersOrNone('none'), integersOrNone('502, 503')], [[], [502, 503]]);
  assert.deepEqual([integerOrNone('none'), integerOrNone('80')], [NONE, 80]);
});

test('tags add up, and "none" begins anew', () => {
  assert.deepEqual(tag('b=2=3', tag('a=1')), { a: '1', b: '2=3' });
  assert.deepEqual(tag('a=', {}), { a: '' });
  assert.deepEqual(tag('none', { a: '1' }), {});
  for (const text of ['a', '=1']) assert.throws(() => tag(text), InvalidArgumentError, text);
});

test('an option that is given several times keeps the order', () => {
  const parse = several(integer);
  assert.deepEqual(parse('2', parse('1')), [1, 2]);
});
