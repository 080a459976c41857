import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeFailure, fuzz } from '@evenkeel/testbed/fuzz/fuzz.ts';
import { Random } from '../reactor/simulated/random.ts';
import { forwardedForFuzz } from './forwarded-for.fuzz.ts';

it('X-Forwarded-For is walked as the reference walks it, over its seeds and 20,000 mutations', async () => {
  let left = 20_000;
  const { failure } = await fuzz(forwardedForFuzz, new Random(1), () => left-- > 0);
  assert.equal(failure, null, failure === null ? '' : describeFailure(failure));
});
