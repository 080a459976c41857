import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERRORS } from '../errors.ts';
import { PAGES } from './pages.ts';

const directory = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'api');

for (const { file, make } of PAGES) {
  test(`docs/api/${file} is what the model says (run packages/model/src/reference/write.ts)`, () => {
    const page = readFileSync(join(directory, file), 'utf8');
    assert.equal(page, make(page));
  });
}

test('every error has a title and help that end as a title and a sentence do', () => {
  for (const [code, { title, help, status }] of Object.entries(ERRORS)) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.doesNotMatch(title, /\.$/, code);
    assert.match(help, /\.$/, code);
    assert.ok(status >= 400 && status < 600, code);
  }
});
