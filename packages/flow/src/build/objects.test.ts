import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { compile, hashSources, MANIFEST, type Manifest, OBJECTS, objectPath } from './compile.ts';
import { meaningfulSections } from './elf-sections.ts';

suite('compiled objects', () => {
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as Manifest;

  test('are made from the sources beside them', () => {
    assert.equal(manifest.sources, hashSources(), 'sources have changed: run tools/compile-flow.ts');
  });

  for (const program of OBJECTS) {
    test(`${program}: does not say where its sources lay`, () => {
      const text = readFileSync(objectPath(program), 'latin1');
      assert.ok(text.includes(`\0./${program}.bpf.c\0`), 'it names its source');
      assert.doesNotMatch(text, /\0\/[^\0]*\.bpf\.c\0/);
    });

    test(`${program}: compiling its source gives the same program`, { skip: requires('clang', 'llvm-strip') }, () => {
      const folder = mkdtempSync(join(tmpdir(), 'evenkeel-flow-'));
      try {
        const fresh = join(folder, `${program}.bpf.o`);
        compile(program, fresh);
        const [shipped, made] = [objectPath(program), fresh].map((path) => meaningfulSections(readFileSync(path)));
        assert.deepEqual([...shipped!.keys()].sort(), [...made!.keys()].sort());
        assert.ok(shipped!.has('license') && shipped!.has('.maps') && shipped!.size >= 3);
        for (const [name, bytes] of shipped!) {
          assert.ok(bytes.equals(made!.get(name)!), `section ${name} differs (shipped: ${manifest.compiler})`);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
