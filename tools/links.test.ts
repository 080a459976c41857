import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

test('what the documents link to is there', () => {
  const broken: string[] = [];
  const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'bench/**/*.md'], { cwd: ROOT });
  for (const page of pages) {
    for (const [, target] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)) {
      if (!existsSync(join(ROOT, dirname(page), target))) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(pages.length > 10);
});
