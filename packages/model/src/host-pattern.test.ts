import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkHostPattern, parseHostPattern } from './host-pattern.ts';

for (const [text, kind, value] of [
  ['www.example.com', 'exact', 'www.example.com'],
  ['WWW.Example.COM', 'exact', 'www.example.com'],
  ['localhost', 'exact', 'localhost'],
  ['10.0.0.1', 'exact', '10.0.0.1'],
  ['a_b.example.com', 'exact', 'a_b.example.com'],
  ['*.example.com', 'prefix-wildcard', 'example.com'],
  ['*.com', 'prefix-wildcard', 'com'],
  ['www.example.*', 'suffix-wildcard', 'www.example'],
  ['10.0.*', 'suffix-wildcard', '10.0'],
  ['~^api-[0-9]+\\.Example\\.com$', 'regex', '^api-[0-9]+\\.Example\\.com$'],
] as const) {
  test(`${text} is ${kind}`, () => {
    assert.equal(checkHostPattern(text), '');
    assert.deepEqual(parseHostPattern(text), { kind, value });
  });
}

for (const [text, reason] of [
  ['*', /every host/],
  ['a.*.com', /neither as first nor as last/],
  ['*.*', /neither/],
  ['*a.com', /neither/],
  ['example.com:8080', /the port is no part/],
  ['[::1]', /not of a name/],
  ['exa mple.com', /character other than/],
  ['exämple.com', /character other than/],
  ['.example.com', /empty label/],
  ['example.com.', /empty label/],
  ['a..b', /empty label/],
  ['*.', /empty label/],
  ['-a.com', /begins or ends with `-`/],
  ['a-.com', /begins or ends with `-`/],
  ['_a.com', /begins with `_`/],
  ['10.0.0.256', /no IPv4 address/],
  ['1.2.3', /no IPv4 address/],
  [`${'a'.repeat(64)}.com`, /more than 63/],
  [`${'a.'.repeat(60)}com`, /more than 110/],
  ['~(', /./],
] as const) {
  test(`${text} is no host pattern`, () => assert.match(checkHostPattern(text), reason));
}
