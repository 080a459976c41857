import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeFailure, fuzz } from '@evenkeel/testbed/fuzz/fuzz.ts';
import { Random } from '../reactor/simulated/random.ts';
import { patternFuzz, ruleCookieFuzz, ruleHostFuzz, ruleQueryFuzz } from './rules.fuzz.ts';

/** Inputs of a short run; a long one is `npm run fuzz`. */
const INPUTS = 4_000;

describe('what rules read, under fuzzing', () => {
  for (const target of [ruleCookieFuzz, ruleQueryFuzz, ruleHostFuzz, patternFuzz]) {
    it(`${target.name} holds for its seeds and ${INPUTS} mutations`, async () => {
      let left = INPUTS;
      const { failure } = await fuzz(target, new Random(1), () => left-- > 0);
      assert.equal(failure, null, failure === null ? '' : describeFailure(failure));
    });
  }
});
