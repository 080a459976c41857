import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Round } from './metrics.ts';
import { compare, nothingShown, type Rounds, type Target } from './verdict.ts';

const OURS = 'evenkeel';

function rounds(values: Record<string, Round[]>): Rounds {
  return new Map(Object.entries(values));
}

const cpu = (...values: number[]): Round[] => values.map((cpuPerRequest) => ({ cpuPerRequest }));
const rate = (...values: number[]): Round[] => values.map((requestsPerSecond) => ({ requestsPerSecond }));

test('where lower is better, the ratio is against the lowest peer', () => {
  const [row] = compare(
    rounds({ haproxy: cpu(26, 24, 25), nginx: cpu(20, 21, 19), [OURS]: cpu(15, 14, 16) }),
    OURS,
    [],
  );
  assert.equal(row.against, 'nginx');
  assert.equal(row.ratio, 0.75);
  assert.equal(row.reached, null);
});

test('where higher is better, the ratio is against the highest peer', () => {
  const [row] = compare(rounds({ haproxy: rate(100), nginx: rate(200), [OURS]: rate(300) }), OURS, []);
  assert.equal(row.against, 'nginx');
  assert.equal(row.ratio, 1.5);
});

test('a ratio target is reached at its limit and missed beyond it', () => {
  const target: Target = { metric: 'cpuPerRequest', kind: 'ratio', against: 'better', limit: 0.75 };
  const at = compare(rounds({ nginx: cpu(20), [OURS]: cpu(15) }), OURS, [target]);
  const beyond = compare(rounds({ nginx: cpu(20), [OURS]: cpu(15.1) }), OURS, [target]);
  assert.equal(at[0].reached, true);
  assert.equal(beyond[0].reached, false);
});

test('a lower bound holds where higher is better', () => {
  const target: Target = { metric: 'requestsPerSecond', kind: 'ratio', against: 'better', limit: 1 };
  assert.equal(compare(rounds({ nginx: rate(10), [OURS]: rate(11) }), OURS, [target])[0].reached, true);
  assert.equal(compare(rounds({ nginx: rate(10), [OURS]: rate(9) }), OURS, [target])[0].reached, false);
});

test('a target may name its peer, and has no verdict when that peer is missing', () => {
  const target: Target = { metric: 'cpuPerRequest', kind: 'ratio', against: 'haproxy', limit: 1 };
  const named = compare(rounds({ haproxy: cpu(30), nginx: cpu(20), [OURS]: cpu(25) }), OURS, [target])[0];
  assert.equal(named.against, 'haproxy');
  assert.equal(named.reached, true);
  const missing = compare(rounds({ nginx: cpu(20), [OURS]: cpu(25) }), OURS, [target])[0];
  assert.equal(missing.reached, null);
});

test('an absolute target needs no peer', () => {
  const target: Target = { metric: 'coldStart', kind: 'absolute', limit: 2 };
  const [row] = compare(rounds({ [OURS]: [{ coldStart: 1.4 }, { coldStart: 2.9 }, { coldStart: 1.5 }] }), OURS, [
    target,
  ]);
  assert.equal(row.reached, true);
  assert.equal(row.ratio, null);
  assert.deepEqual(row.ours, { low: 1.4, lower: 1.45, middle: 1.5, upper: 2.2, high: 2.9 });
});

test('single rounds give the range of the ratio', () => {
  const [row] = compare(rounds({ nginx: cpu(20, 40), [OURS]: cpu(10, 30) }), OURS, []);
  assert.deepEqual(row.ratios, { low: 0.5, lower: 0.5625, middle: 0.625, upper: 0.6875, high: 0.75 });
});

test('without our rounds the peers are listed, without a verdict', () => {
  const target: Target = { metric: 'cpuPerRequest', kind: 'ratio', against: 'better', limit: 0.75 };
  const [row] = compare(rounds({ nginx: cpu(20) }), OURS, [target]);
  assert.equal(row.ours, null);
  assert.equal(row.ratio, null);
  assert.equal(row.reached, null);
  assert.equal(row.peers.nginx.middle, 20);
});

test('a peer at zero has no ratio', () => {
  const [row] = compare(rounds({ nginx: [{ errors: 0 }], [OURS]: [{ errors: 0 }] }), OURS, [
    { metric: 'errors', kind: 'absolute', limit: 0 },
  ]);
  assert.equal(row.ratio, null);
  assert.equal(row.ratios, null);
  assert.equal(row.reached, true);
});

const NO_WORSE: Target = { metric: 'pacedP99', kind: 'ratio', against: 'better', limit: 1 };
const tail = (...values: (number | undefined)[]): Round[] =>
  values.map((pacedP99) => (pacedP99 === undefined ? {} : { pacedP99 }));

test('where the quartiles of the rounds lie on both sides of 1, nothing was shown, and it is neither reached nor missed', () => {
  const nginx = tail(10, 10, 10, 10, 10);
  const verdict = (...ours: number[]) => compare(rounds({ nginx, [OURS]: tail(...ours) }), OURS, [NO_WORSE])[0]!;
  const open = verdict(5, 9, 11, 12, 30);
  assert.equal(nothingShown(open.ratio, open.ratios), true);
  assert.equal(open.reached, null);
  assert.equal(verdict(8, 8, 9, 11, 11).reached, null);
  // One round on the other side is no quartile of five.
  assert.equal(verdict(8, 8, 9, 9, 30).reached, true);
  assert.equal(verdict(1, 11, 12, 12, 12).reached, false);
});

test('another limit than 1 is judged whatever the rounds say', () => {
  const target: Target = { metric: 'cpuPerRequest', kind: 'ratio', against: 'better', limit: 0.75 };
  const [row] = compare(rounds({ nginx: cpu(10, 10, 10, 10), [OURS]: cpu(8, 8, 12, 12) }), OURS, [target]);
  assert.equal(nothingShown(row!.ratio, row!.ratios), true);
  assert.equal(row!.reached, false);
});

test('what all rounds found together counts in place of their medians, for the choice of the better peer too', () => {
  const all = Object.assign(rounds({ haproxy: tail(2, 2), nginx: tail(3, 3), [OURS]: tail(1, 1) }), {
    pooled: new Map([
      ['haproxy', { pacedP99: 4 }],
      ['nginx', { pacedP99: 3 }],
      [OURS, { pacedP99: 1.5 }],
    ]),
  });
  const [row] = compare(all, OURS, [NO_WORSE]);
  assert.equal(row!.against, 'nginx');
  assert.equal(row!.ratio, 0.5);
  assert.equal(row!.ours!.pooled, 1.5);
  assert.equal(row!.ours!.middle, 1);
  assert.equal(row!.reached, true);
});

test('what all rounds found together shows nothing when nearly each of them says the opposite', () => {
  const nginx = tail(10, 10, 10, 10, 60);
  const pooled = new Map([
    ['nginx', { pacedP99: 50 }],
    [OURS, { pacedP99: 11 }],
  ]);
  const [row] = compare(Object.assign(rounds({ nginx, [OURS]: tail(11, 11, 11, 11, 11) }), { pooled }), OURS, [
    NO_WORSE,
  ]);
  assert.equal(row!.ratio, 0.22);
  assert.equal(row!.reached, null);
});

test('a round without a value is compared with none', () => {
  const [row] = compare(rounds({ nginx: tail(1, undefined, 4), [OURS]: tail(undefined, 9, 2) }), OURS, []);
  assert.deepEqual(row!.ratios, { low: 0.5, lower: 0.5, middle: 0.5, upper: 0.5, high: 0.5 });
});
