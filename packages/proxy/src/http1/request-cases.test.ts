import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestCases } from './fuzzing/fixtures.ts';
import { OwnReader } from './fuzzing/own-reader.ts';
import { readReference } from './fuzzing/reference-reader.ts';
import { STATUS_OF_HEAD_ERROR } from './head-error.ts';
import { MAX_HEAD } from './partial-head.ts';

describe('requests of fixtures/requests.json', () => {
  // What is longer than a head may be never reaches the parser whole.
  for (const { name, status, input } of requestCases().filter((its) => its.input.length < MAX_HEAD)) {
    it(`${name}: ${status}`, () => {
      const reading = new OwnReader().read(input);
      assert.equal(reading.end, status === 200 ? 'whole' : 'refused');
      assert.equal(STATUS_OF_HEAD_ERROR[reading.error], status === 200 ? 0 : status);
      const reference = readReference(input);
      if (!reference.unsure) assert.equal(reference.end, reading.end, 'the reference agrees');
    });
  }
});
