import assert from 'node:assert/strict';
import { test } from 'node:test';
import { securityRule, securityRuleText } from './security-rule.ts';

for (const [text, rule] of [
  ['allow 10.0.0.0/8', { action: 'allow', source: '10.0.0.0/8' }],
  ['deny ::/0 udp', { action: 'deny', source: '::/0', protocol: 'udp' }],
  ['allow 192.0.2.1 tcp:80', { action: 'allow', source: '192.0.2.1', protocol: 'tcp', port: 80 }],
  [
    'allow 192.0.2.1 all:80-90 priority=7',
    { action: 'allow', source: '192.0.2.1', protocol: 'all', port: 80, lastPort: 90, priority: 7 },
  ],
] as const) {
  test(text, () => {
    assert.deepEqual(securityRule(text), rule);
    assert.equal(securityRuleText(rule), text);
  });
}

test('words come in any order', () => {
  assert.deepEqual(securityRule(' allow  10.0.0.1 priority=1 tcp '), {
    action: 'allow',
    source: '10.0.0.1',
    priority: 1,
    protocol: 'tcp',
  });
});

for (const text of [
  '',
  'allow',
  'permit 10.0.0.1',
  'allow 10.0.0.1 icmp',
  'allow 10.0.0.1 tcp:a',
  'allow 10.0.0.1 9',
]) {
  test(`no rule: ${text}`, () => assert.throws(() => securityRule(text), /such as/));
}
