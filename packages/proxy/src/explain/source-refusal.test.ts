import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import { networkKey } from '@evenkeel/model/block-list/network-key.ts';
import { FOR_EVER } from '@evenkeel/model/block-list/prefix-table.ts';
import { DENY_LISTS } from '@evenkeel/model/plan/block-list.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { PlannedSecurityGroup } from '@evenkeel/model/plan/sources.ts';
import { listenerOf, serviceOf } from '../../test/plans.ts';
import { Tables } from '../engine/tables.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import { Explainer } from './explainer.ts';

const OFFICE: PlannedSecurityGroup = {
  id: 'sg',
  rules: [
    { priority: 50, allows: true, protocol: 'tcp', firstPort: 0, lastPort: 65_535, source: '192.0.2.0/24' },
    { priority: 50, allows: true, protocol: 'udp', firstPort: 0, lastPort: 65_535, source: '198.51.100.0/24' },
  ],
};

function listOf(network: string) {
  const table = new BlockTable({ seed: 1, isShared: true });
  const { key, length } = networkKey(network)!;
  table.put(key, length, FOR_EVER, 0);
  return table.memory;
}

/** What is said of somebody at this address. */
function asking(changes: Partial<PlannedListener>, lists: Record<string, string> = {}) {
  const listener = listenerOf(80, changes);
  const tables = new Tables(new SharedCounters(1), () => 0);
  const group = { key: 'security-group/sg', kind: 'security-group', hash: '', value: OFFICE } as const;
  tables.change({
    shared: new Map([[group.key, group]]),
    services: new Map([['svc', serviceOf([8001])]]),
    listeners: new Map([[listener.id, listener]]),
    blockLists: new Map(Object.entries(lists).map(([id, network]) => [id, listOf(network)])),
  });
  const explainer = new Explainer(tables, Date.now);
  return (source: string) =>
    explainer.explain(listener, {
      listenerId: listener.id,
      method: 'GET',
      host: 'shop.example',
      path: '/',
      headers: [],
      cookies: [],
      source,
      serverName: '',
    });
}

describe('explaining a request of somebody who may not connect', () => {
  it('says that the connection is reset, and by which of the four, before rules and targets are looked at', () => {
    const cases: [Partial<PlannedListener>, Record<string, string>, RegExp][] = [
      [{ securityGroups: ['sg'] }, {}, /security group/],
      [{ allowedSources: ['192.0.2.0/24'] }, {}, /that the listener allows/],
      [{}, { [DEFAULT_TENANT.id]: '203.0.113.9/32' }, /in the block list/],
      [{ tenantId: 'tnt-1' }, { 'tnt-1': '203.0.113.9/32' }, /in the block list/],
      [{}, { [DENY_LISTS.denied]: '203.0.113.0/24' }, /deny list of the installation/],
    ];
    for (const [changes, lists, why] of cases) {
      const ask = asking(changes, lists);
      const said = ask('203.0.113.9');
      assert.equal(said.outcome, 'close');
      assert.equal(said.reason, 'proxy-accept');
      assert.match(said.why, /^the connection is reset/);
      assert.match(said.why, why);
      assert.equal(said.service, null);
      assert.equal(said.request.client, '203.0.113.9');
      assert.equal(ask('192.0.2.1').outcome, 'forward');
    }
  });

  it('goes by the deny list with those that are allowed all the same, and by the list of no other tenant', () => {
    const lists = {
      [DENY_LISTS.denied]: '203.0.113.0/24',
      [DENY_LISTS.allowed]: '203.0.113.9/32',
      'tnt-2': '192.0.2.1/32',
    };
    assert.equal(asking({}, lists)('203.0.113.9').outcome, 'forward');
    assert.equal(asking({}, lists)('192.0.2.1').outcome, 'forward');
  });

  it('asks the rules for the transport of the listener', () => {
    const ask = asking({ protocol: 'udp', http: null, securityGroups: ['sg'] });
    assert.equal(ask('198.51.100.1').outcome, 'forward');
    assert.match(ask('192.0.2.1').why, /^the datagram is dropped/);
  });
});
