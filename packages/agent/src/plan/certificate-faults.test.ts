import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { plannedListener } from '../../test/planned.ts';
import { CertificateFaults } from './certificate-faults.ts';
import { EntryCompactor } from './compact-entries.ts';

const { certificate, key } = issue({ names: ['a.test'] });
const { certificate: issuer } = issue({ commonName: 'authority', ca: true });
const planned = (id: string, chain = certificate) => {
  return planEntry('certificate', {
    id,
    chain,
    privateKey: key,
    names: ['a.test'],
    keyType: 'ecdsa',
    ocspResponse: null,
  });
};
const listener = (name: string) => planEntry('listener', { ...plannedListener({ id: 'lsn' }), name });
const plan = (name: string, chain?: string): NodePlan =>
  planOf(1, [listener(name), planned('crt', chain), planned('other')]);
const failure = { listenerId: 'lsn', certificateIds: ['crt'], detail: 'it is no good' };

test('a fault lasts until the listener or the certificate is another', () => {
  const faults = new CertificateFaults();
  assert.ok(faults.add(failure, plan('web')));
  assert.ok(!faults.add({ ...failure, detail: 'once more' }, plan('web')), 'the first is enough');
  const told = [{ listenerId: 'lsn', code: 'certificate-unusable', detail: 'it is no good' }];
  assert.deepEqual(faults.of(plan('web')), told);
  assert.deepEqual(faults.of(planOf(2, [...plan('web').entries.values(), planned('more')])), told);
  assert.deepEqual(faults.of(plan('web', certificate + issuer)), []);
  assert.deepEqual(faults.of(plan('web')), [], 'it does not come back by itself');
  assert.ok(faults.add(failure, plan('web')));
  assert.deepEqual(faults.of(plan('renamed')), []);
});

test('a fault of a certificate or a listener that has gone meanwhile is none', () => {
  const faults = new CertificateFaults();
  assert.ok(!faults.add(failure, planOf(1, [listener('web')])));
  assert.ok(!faults.add(failure, planOf(1, [planned('crt')])));
  assert.deepEqual(faults.of(plan('web')), []);
});

test('compacted certificates say the same as before, and have what comes from one issuer once', () => {
  const entries = [planned('a', certificate + issuer), planned('b', certificate + issuer), planned('c'), listener('x')];
  const compacted = new EntryCompactor().compact(entries);
  assert.equal(JSON.stringify(compacted), JSON.stringify(entries));
  const values = compacted.flatMap((entry) => (entry.kind === 'certificate' ? [entry.value] : []));
  assert.deepEqual(
    values.map(({ chain, privateKey }) => [chain, privateKey]),
    [
      [certificate + issuer, key],
      [certificate + issuer, key],
      [certificate, key],
    ],
  );
  const packed = values.map((value) => ('packed' in value ? (value.packed as { issuers: object | null }) : null));
  assert.ok(packed[0]?.issuers !== null && packed[0]?.issuers === packed[1]?.issuers);
  assert.equal(packed[2]?.issuers, null);
});

test('what is not known to be a certificate stays as it came', () => {
  const odd = [
    { ...planned('a'), value: { id: 'a' } },
    { ...planned('b'), value: { ...planned('b').value, more: 1 } },
    planned('c', 'Grüße'),
  ] as unknown as ReturnType<typeof planned>[];
  const compacted = new EntryCompactor().compact(odd);
  for (const [i, entry] of odd.entries()) assert.equal(compacted[i], entry);
});
