import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import { networkKey } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER } from '@evenkeel/model/block-list/prefix-table.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { PlannedSecurityGroup, PlannedSourceRule } from '@evenkeel/model/plan/sources.ts';
import { IpAddress } from '../source-address/ip-address.ts';
import { denialsIn } from './denial-reader.ts';
import { ADMITTED, Refusal } from './refusal.ts';
import { sourceGateOf, type Transport } from './source-gate.ts';

const ANY = { priority: 50, allows: true, protocol: 'all', firstPort: 0, lastPort: 65_535 } as const;
const rule = (source: string, more: Partial<PlannedSourceRule> = {}): PlannedSourceRule => ({
  ...ANY,
  source,
  ...more,
});

function gate(planned: Partial<PlannedListener>, ...groups: PlannedSecurityGroup[]) {
  const listener = { ...PLAIN_TCP_LISTENER, id: 'l', port: 80, ...planned } as PlannedListener;
  const made = sourceGateOf(listener, (id) => groups.find((group) => group.id === id));
  return (source: string, transport: Transport = 'tcp', localPort = 80) => {
    const address = new IpAddress();
    address.parseText(source);
    const end = { remoteAddress: source, localAddress: '192.0.2.1', localPort };
    return made === null ? null : made.verdict(transport, address, end);
  };
}

test('a listener that says nothing of sources has no gate', () => assert.equal(gate({})('10.0.0.1'), null));

test('rules of all groups count together, by priority, and those that deny first', () => {
  const ask = gate(
    { securityGroups: ['a', 'b'] },
    { id: 'a', rules: [rule('10.0.0.0/8'), rule('10.9.0.0/16', { priority: 1 })] },
    { id: 'b', rules: [rule('10.1.0.0/16', { allows: false }), rule('10.9.0.0/16', { allows: false, priority: 2 })] },
  );
  assert.equal(ask('10.0.0.1'), ADMITTED);
  assert.equal(ask('10.1.0.1'), Refusal.securityGroup);
  assert.equal(ask('10.9.0.1'), ADMITTED);
  assert.equal(ask('11.0.0.1'), Refusal.securityGroup);
});

test('rules of other protocols and ports do not count', () => {
  const rules = [
    rule('10.0.0.0/8', { protocol: 'udp' }),
    rule('11.0.0.0/8', { firstPort: 81, lastPort: 90 }),
    rule('12.0.0.0/8', { protocol: 'tcp', firstPort: 80, lastPort: 80 }),
  ];
  const ask = gate({ securityGroups: ['a'] }, { id: 'a', rules });
  assert.deepEqual([ask('10.0.0.1'), ask('10.0.0.1', 'udp')], [Refusal.securityGroup, ADMITTED]);
  assert.equal(ask('11.0.0.1'), Refusal.securityGroup);
  assert.deepEqual([ask('12.0.0.1'), ask('12.0.0.1', 'udp')], [ADMITTED, Refusal.securityGroup]);
});

test('of a range of ports, each has the rules that are for it', () => {
  const rules = [
    rule('10.0.0.0/8', { firstPort: 80, lastPort: 84 }),
    rule('11.0.0.0/8', { firstPort: 83, lastPort: 99 }),
  ];
  const ask = gate(
    { lastPort: 89, securityGroups: ['a'], allowedSources: ['10.0.0.0/9', '11.0.0.0/8'] },
    { id: 'a', rules },
  );
  assert.deepEqual(
    [ask('10.0.0.1', 'tcp', 84), ask('10.0.0.1', 'tcp', 85), ask('11.0.0.1', 'tcp', 82), ask('11.0.0.1', 'tcp', 89)],
    [ADMITTED, Refusal.securityGroup, Refusal.securityGroup, ADMITTED],
  );
  assert.equal(ask('10.200.0.1', 'tcp', 84), Refusal.allowedSources);
});

test('a group that is not there lets nobody in', () => {
  assert.equal(gate({ securityGroups: ['gone'] })('10.0.0.1'), Refusal.securityGroup);
});

test('the deny list goes before all, who is allowed by it is asked by the others, and this machine is not denied', () => {
  const tableOf = (...sources: readonly string[]) => {
    const table = new BlockTable({ seed: 1, isShared: false });
    for (const { key, length } of sources.map((source) => networkKey(source)!)) table.put(key, length, FOR_EVER, 0);
    return table.memory;
  };
  const denials = denialsIn({ denied: tableOf('10.0.0.0/8', '2001:db8::/32'), allowed: tableOf('10.1.0.0/16') });
  const planned: Partial<PlannedListener> = { id: 'l', port: 80, allowedSources: ['10.1.1.0/24'] };
  const listener = { ...PLAIN_TCP_LISTENER, ...planned } as PlannedListener;
  const made = sourceGateOf(listener, () => undefined, { blocked: null, denials })!;
  const ask = (remoteAddress: string, localAddress = '192.0.2.1') => {
    const address = new IpAddress();
    address.parseText(remoteAddress);
    return [made.listed(address), made.verdict('tcp', address, { remoteAddress, localAddress, localPort: 80 })];
  };
  assert.deepEqual(ask('10.2.0.1'), [Refusal.denyList, Refusal.denyList]);
  assert.deepEqual(ask('2001:db8::1'), [Refusal.denyList, Refusal.denyList]);
  assert.deepEqual(ask('10.1.1.1'), [ADMITTED, ADMITTED]);
  assert.deepEqual(ask('10.1.2.1'), [ADMITTED, Refusal.allowedSources]);
  assert.deepEqual(ask('10.2.0.1', '10.2.0.1')[1], Refusal.allowedSources, 'it asks itself');
  assert.equal(denialsIn({ denied: tableOf(), allowed: tableOf('10.0.0.0/8') }), null);
});
