import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { OBJECTS, objectPath, PROGRAMS } from './compile.ts';
import { deepestChain, STACK_BYTES } from './stack.ts';

suite('the stack of the programs', () => {
  for (const program of OBJECTS) {
    test(`${program}: no chain of calls takes more than kernels give, those included that round the most`, () => {
      const { bytes, functions } = deepestChain(readFileSync(objectPath(program)));
      assert.ok(bytes <= STACK_BYTES, `${functions.join(' → ')}: ${bytes} bytes`);
    });
  }

  for (const program of PROGRAMS) {
    test(`${program}: the deepest chain begins where packets come in`, () => {
      const { bytes, functions } = deepestChain(readFileSync(objectPath(program)));
      assert.match(functions[0]!, new RegExp(`^balance_${program} `));
      assert.ok(functions.length > 2 && bytes > STACK_BYTES / 2);
    });
  }
});
