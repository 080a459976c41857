import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { plannedListener } from '../../test/planned.ts';
import { parseToAgent } from './messages.ts';

const entry = planEntry('listener', plannedListener());
const snapshot = { type: 'snapshot', version: 1, hash: planOf(1, [entry]).hash, entries: [entry] };
const delta = { type: 'delta', from: 1, version: 2, hash: '00', upserts: [entry], removes: ['group/g'] };

test('accepts a snapshot and a delta, with fields it does not know', () => {
  assert.equal(parseToAgent(JSON.stringify(snapshot)).kind, 'message');
  assert.equal(parseToAgent(JSON.stringify({ ...delta, sent: 'today' })).kind, 'message');
});

test('an entry that cannot be run is named, and takes nothing else with it', () => {
  const strange = planEntry('listener', plannedListener({ id: 'lsn-2', port: 70_000 }));
  const parsed = parseToAgent(JSON.stringify({ ...snapshot, entries: [entry, strange] }));
  assert.ok(parsed.kind === 'message');
  assert.deepEqual([...parsed.faults.keys()], ['listener/lsn-2']);
  assert.match(parsed.faults.get('listener/lsn-2')!, /^listener\/lsn-2.value.port must be/);
});

test('takes the nodes to share flows with', () => {
  const peers = [{ node: 'lb-2', address: '192.0.2.2', port: 7702 }];
  assert.deepEqual(parseToAgent(JSON.stringify({ type: 'peers', peers })), { kind: 'peers', peers });
  const wrong = parseToAgent(JSON.stringify({ type: 'peers', peers: [{ ...peers[0], port: 0 }] }));
  assert.ok(wrong.kind === 'invalid');
  assert.match(wrong.problem, /^peers: peers\[0\].port must be/);
});

test('takes the certificates by which control planes are known, as many as it keeps', () => {
  const [one, two] = ['0A', '0B'].map((byte) => Array(32).fill(byte).join(':'));
  const told = { type: 'trust', fingerprint: one, fingerprints: [one, two] };
  assert.equal(parseToAgent(JSON.stringify(told)).kind, 'membership');
  assert.equal(parseToAgent(JSON.stringify({ ...told, fingerprints: undefined })).kind, 'membership');
  for (const [fingerprints, words] of [
    [Array(33).fill(one), /^trust: fingerprints must have at most 32 items/],
    [[one, 'nonsense'], /^trust: fingerprints\[1\] must be a SHA-256/],
    ['all', /^trust: fingerprints must be an array/],
  ] as const) {
    const wrong = parseToAgent(JSON.stringify({ ...told, fingerprints }));
    assert.ok(wrong.kind === 'invalid');
    assert.match(wrong.problem, words);
  }
});

test('passes over types that it does not know', () => {
  assert.deepEqual(parseToAgent('{"type":"greeting"}'), { kind: 'unknown', type: 'greeting' });
  assert.equal(parseToAgent('{"type":"toString"}').kind, 'unknown');
});

const INVALID: readonly (readonly [problem: RegExp, frame: string])[] = [
  [/not JSON/, '{'],
  [/type must be a string/, '[]'],
  [/type must be a string/, 'null'],
  [/type must be a string/, '{"type":1}'],
  [/snapshot: version must be an integer/, JSON.stringify({ ...snapshot, version: -1 })],
  [/snapshot: entries must be an array/, JSON.stringify({ ...snapshot, entries: {} })],
  [/snapshot: entries\[0\].kind/, JSON.stringify({ ...snapshot, entries: [{ ...entry, kind: 'other' }] })],
  [/delta: from must be/, JSON.stringify({ ...delta, from: undefined })],
  [/delta: removes\[0\]/, JSON.stringify({ ...delta, removes: [1] })],
  [
    /the hash of listener\/lsn-1/,
    JSON.stringify({ ...delta, upserts: [{ ...entry, value: { ...entry.value, port: 81 } }] }),
  ],
];

for (const [problem, frame] of INVALID) {
  test(`refuses ${frame.slice(0, 60)}: ${problem.source}`, () => {
    const parsed = parseToAgent(frame);
    assert.equal(parsed.kind, 'invalid');
    assert.match(parsed.kind === 'invalid' ? parsed.problem : '', problem);
  });
}
