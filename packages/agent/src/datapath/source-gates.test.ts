import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Admission, Admissions } from '@evenkeel/flow/datapath/admissions.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import { gatesOf, NO_GATES, SourceGates } from './source-gates.ts';

const ANY = { priority: 50, allows: true, protocol: 'all', firstPort: 0, lastPort: 65_535 } as const;
const listener = (more: Partial<PlannedListener>) => ({ ...PLAIN_TCP_LISTENER, port: 80, ...more }) as PlannedListener;

test('what the kernel looks up: prefixes with what becomes of them, for each protocol', () => {
  const rules = [
    { ...ANY, source: '10.0.0.0/8' },
    { ...ANY, protocol: 'udp', allows: false, priority: 1, source: '10.1.0.0/16' },
  ] as const;
  const gates = gatesOf(listener({ securityGroups: ['a'] }), () => ({ id: 'a', rules }));
  assert.ok(typeof gates === 'object');
  const whole = [
    { family: 4, first: 0n, length: 0, verdict: 0 },
    { family: 4, first: 10n << 24n, length: 8, verdict: -1 },
    { family: 6, first: 0n, length: 0, verdict: 0 },
  ];
  assert.deepEqual(gates.tcp, whole);
  assert.deepEqual(gates.udp, whole.toSpliced(2, 0, { family: 4, first: 0x0a01_0000n, length: 16, verdict: 0 }));
});

test('a listener that asks nothing has no gate; rules for a part of its ports are not for the kernel', () => {
  assert.equal(
    gatesOf(listener({}), () => undefined),
    NO_GATES,
  );
  const rules = [{ ...ANY, firstPort: 80, lastPort: 85, source: '10.0.0.0/8' }];
  const range = listener({ lastPort: 90, securityGroups: ['a'] });
  assert.match(String(gatesOf(range, () => ({ id: 'a', rules }))), /some of its ports/);
});

test('a gate is made once, and taken away when nobody names it', () => {
  const made = new Map<number, readonly Admission[]>([[7, []]]);
  const gates = new SourceGates({
    get gates() {
      return [...made.keys()];
    },
    add(number: number, admissions: readonly Admission[]) {
      if (admissions.length > 2) return false;
      made.set(number, admissions);
      return true;
    },
    remove: (number: number) => void made.delete(number),
  } as unknown as Admissions);
  const one: Admission[] = [{ family: 4, first: 0n, length: 0, verdict: -1 }];
  const other: Admission[] = [{ family: 4, first: 0n, length: 0, verdict: 0 }];
  assert.deepEqual([gates.take(null), gates.take(one), gates.take([...one]), gates.take(other)], [0, 8, 8, 9]);
  assert.equal(gates.take([...one, ...one, ...one]), null);
  gates.keepOnly(new Set([8]));
  assert.deepEqual([...made.keys()], [8], 'also what was there before');
  assert.equal(gates.take(other), 10, 'a number is not used again');
});
