import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Admission, Admissions, MOST_ADMISSIONS } from '@evenkeel/flow/datapath/admissions.ts';
import type { KernelMap } from '@evenkeel/flow/loader/kernel-map.ts';
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

/** A trie of the kernel as plain memory. */
class FakeMap {
  readonly #entries = new Map<string, Uint8Array>();

  set(key: Buffer, value: Uint8Array): void {
    this.#entries.set(key.toString('hex'), value);
  }

  get(key: Buffer): Buffer | null {
    const value = this.#entries.get(key.toString('hex'));
    return value === undefined ? null : Buffer.from(value);
  }

  delete(key: Buffer): boolean {
    return this.#entries.delete(key.toString('hex'));
  }

  *keys(): Generator<Buffer> {
    for (const key of this.#entries.keys()) yield Buffer.from(key, 'hex');
  }
}

const admissionsIn = (map: FakeMap) => new Admissions(map as unknown as KernelMap);
const ONE: Admission[] = [
  { family: 4, first: 0n, length: 0, verdict: 0 },
  { family: 4, first: 10n << 24n, length: 8, verdict: -1 },
  { family: 6, first: 0x2001_0db8n << 96n, length: 32, verdict: 1 },
];
const OTHER: Admission[] = [{ family: 4, first: 0n, length: 0, verdict: 1 }];

test('a gate is made once, and taken away when nobody names it', () => {
  const admissions = admissionsIn(new FakeMap());
  admissions.add(7, [{ family: 6, first: 1n, length: 128, verdict: -1 }]);
  const gates = new SourceGates(admissions);
  assert.deepEqual([gates.take(null), gates.take(ONE), gates.take([...ONE]), gates.take(OTHER)], [0, 8, 8, 9]);
  const many = Array.from({ length: MOST_ADMISSIONS }, (_, i) => ({ ...OTHER[0]!, first: BigInt(i), length: 32 }));
  assert.equal(gates.take(many), null);
  gates.keepOnly(new Set([8]));
  assert.deepEqual(admissions.gates, [8], 'also what was there before');
  assert.equal(gates.take(OTHER), 10, 'a number is not used again');
});

test('the next process takes over the gates that say the same, and needs no room for them', () => {
  const map = new FakeMap();
  const before = new SourceGates(admissionsIn(map));
  assert.deepEqual([before.take(ONE), before.take(OTHER)], [1, 2]);
  const admissions = admissionsIn(map);
  const { room } = admissions;
  const gates = new SourceGates(admissions);
  assert.deepEqual([gates.take(ONE.toReversed()), gates.take(OTHER)], [1, 2]);
  assert.equal(admissions.room, room);
  assert.equal(gates.take([{ ...OTHER[0]!, verdict: 0 }]), 3, 'another verdict is another gate');
  assert.equal(gates.take(ONE.slice(1)), 4);
});
