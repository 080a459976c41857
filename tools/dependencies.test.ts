import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const KINDS = ['dependencies', 'optionalDependencies', 'devDependencies'] as const;

/** Every dependency that is not ours, with the version that a package.json asks for. */
function dependencies(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const path of ['package.json', ...globSync('packages/*/package.json', { cwd: ROOT })]) {
    const manifest = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Partial<
      Record<(typeof KINDS)[number], Record<string, string>>
    >;
    for (const [name, version] of KINDS.flatMap((kind) => Object.entries(manifest[kind] ?? {}))) {
      if (!name.startsWith('@evenkeel/')) found.set(name, (found.get(name) ?? new Set()).add(version));
    }
  }
  return found;
}

test('every dependency has its reason on file, and no other has', () => {
  const page = readFileSync(join(ROOT, 'docs', 'dependencies.md'), 'utf8');
  const onFile = [...page.matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)].flatMap(([, cell]) => cell.split(', '));
  assert.deepEqual(onFile.map((name) => name.replaceAll('`', '')).sort(), [...dependencies().keys()].sort());
});

test('versions are exact, and one for all packages', () => {
  for (const [name, versions] of dependencies()) {
    assert.equal(versions.size, 1, `${name}: ${[...versions].join(' and ')}`);
    assert.match([...versions][0], /^\d+\.\d+\.\d+$/, name);
  }
});
