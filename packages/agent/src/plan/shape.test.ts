import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { plannedCheck, plannedGroup, plannedListener, plannedService, plannedTarget } from '../../test/planned.ts';
import { entryShape } from './entry-shape.ts';

const GOOD = [
  planEntry('listener', plannedListener()),
  planEntry('listener', plannedListener({ serviceId: null, addresses: ['127.0.0.1', 'fd00::1'] })),
  planEntry('listener', plannedListener({ trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'] })),
  planEntry('service', plannedService()),
  planEntry('service', plannedService({ healthCheck: null, groupId: null })),
  planEntry('group', plannedGroup({ targets: [] })),
];

for (const entry of GOOD) {
  test(`accepts ${entry.kind} ${JSON.stringify(entry.value).slice(0, 40)}…, with fields it does not know`, () => {
    assert.equal(entryShape(entry, 'entry'), '');
    assert.equal(entryShape({ ...entry, value: { ...entry.value, later: { more: 1 } } }, 'entry'), '');
  });
}

/** Every single field that is missing or of the wrong type is found and named. */
for (const entry of GOOD) {
  for (const field of Object.keys(entry.value)) {
    test(`names the field ${entry.kind}.${field} when it is wrong`, () => {
      for (const wrong of [undefined, { not: 'this' }]) {
        const fault = entryShape({ ...entry, value: { ...entry.value, [field]: wrong } }, 'entry');
        assert.ok(fault.startsWith(`entry.value.${field}`), `${fault} for ${JSON.stringify(wrong)}`);
      }
    });
  }
}

const BAD: readonly (readonly [path: string, entry: unknown])[] = [
  ['entry must be an object', null],
  ['entry must be an object', []],
  ['entry.kind', { ...GOOD[0], kind: 'rule' }],
  ['entry.hash', { ...GOOD[0], hash: 'XYZ' }],
  ['entry.key must be listener/lsn-1', { ...GOOD[0], key: 'listener/other' }],
  ['entry.value.addresses[0]', planEntry('listener', plannedListener({ addresses: ['localhost'] }))],
  ['entry.value.port', planEntry('listener', plannedListener({ port: 0 }))],
  ['entry.value.trustedProxies[1]', planEntry('listener', plannedListener({ trustedProxies: ['10.0.0.0/8', '10/8'] }))],
  [
    'entry.value.targets[1].weight',
    planEntry('group', plannedGroup({ targets: [plannedTarget(), plannedTarget({ weight: 101 })] })),
  ],
  [
    'entry.value.healthCheck.path',
    planEntry('service', plannedService({ healthCheck: plannedCheck({ path: '/ HTTP/1.1\r\nX: y' }) })),
  ],
  [
    'entry.value.healthCheck.host',
    planEntry('service', plannedService({ healthCheck: plannedCheck({ host: 'a\nb' }) })),
  ],
  [
    'entry.value.healthCheck.statusRanges[0]',
    planEntry(
      'service',
      plannedService({ healthCheck: plannedCheck({ statusRanges: [[200] as unknown as [number, number]] }) }),
    ),
  ],
];

for (const [path, entry] of BAD) {
  test(`refuses: ${path}`, () => {
    assert.ok(entryShape(entry, 'entry').startsWith(path), entryShape(entry, 'entry'));
  });
}
