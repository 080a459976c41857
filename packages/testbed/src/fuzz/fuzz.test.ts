import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { describeFailure, fuzz } from './fuzz.ts';
import { type FuzzTarget, latin1 } from './target.ts';

/** Fails on any input with "bug" in it. */
const buggy: FuzzTarget = {
  name: 'buggy',
  seeds: [latin1('a seed that is long enough to have to be cut')],
  words: [latin1('bu'), latin1('ug')],
  check(input) {
    const text = Buffer.from(input).toString('latin1');
    if (text.includes('bug')) throw new Error('found it');
    return String(input.length > 20);
  },
};

const times = (count: number) => (): boolean => count-- > 0;

describe('fuzz', () => {
  it('finds a failure and shrinks it to what matters', async () => {
    const { failure, inputs } = await fuzz(buggy, new Random(1), times(100_000));
    assert.ok(failure !== null && inputs > 1);
    assert.equal(Buffer.from(failure.input).toString('latin1'), 'bug');
    assert.match(describeFailure(failure), /found it[\s\S]*--target buggy --input YnVn/);
  });

  it('does the same again for the same seed', async () => {
    const runs = await Promise.all([1, 2].map(() => fuzz(buggy, new Random(9), times(100_000))));
    assert.equal(runs[0]!.inputs, runs[1]!.inputs);
  });

  it('reports nothing where there is nothing, and counts what it saw', async () => {
    const fine = { ...buggy, check: (input: Uint8Array) => String(input.length % 3) };
    assert.deepEqual(await fuzz(fine, new Random(1), times(500)), { inputs: 501, outcomes: 3, failure: null });
  });

  it('fails on a seed that fails', async () => {
    const { failure } = await fuzz({ ...buggy, seeds: [latin1('xxbugxx')] }, new Random(1), times(0));
    assert.equal(Buffer.from(failure!.input).toString(), 'bug');
  });
});
