import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkHeaderValue, HEADER_VARIABLES } from './header-variables.ts';

const PAGE = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'guide', 'rules.md');

test('the guide has every variable, and no other', () => {
  const [, list] = /<!-- variables: compared by a test -->\n(.*)/.exec(readFileSync(PAGE, 'utf8'))!;
  const named = Array.from(list!.matchAll(/`(\w+)`/g), ([, name]) => name);
  assert.deepEqual(named, [...HEADER_VARIABLES]);
});

test('values with variables', () => {
  const variable = (name: string) => `$${'{'}${name}}`;
  for (const name of HEADER_VARIABLES) assert.equal(checkHeaderValue(`a ${variable(name)}:${variable(name)}`), '');
  for (const plain of ['', '$', '$ {host}', '{host}', '$host']) assert.equal(checkHeaderValue(plain), '');
  assert.match(checkHeaderValue(variable('Host')), /unknown variable/);
  assert.match(checkHeaderValue(variable('')), /unknown variable/);
  assert.match(checkHeaderValue(`$${'{'}host`), /without its closing brace/);
});
