import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const OPERATIONS = join(import.meta.dirname, '..', 'docs', 'operations');
const PAGE = readFileSync(join(OPERATIONS, 'promises.md'), 'utf8');

test('every promise names a test that is there', () => {
  const promises = PAGE.split('\n').filter((line) => line.startsWith('- '));
  assert.ok(promises.length > 0);
  for (const promise of promises) {
    const links = [...promise.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)];
    assert.ok(links.length > 0, `no test: ${promise}`);
    for (const [, name, path] of links) {
      const file = join(OPERATIONS, path);
      assert.ok(existsSync(file), `${path} does not exist`);
      assert.ok(readFileSync(file, 'utf8').includes(name), `${path} has no test "${name}"`);
    }
  }
});
