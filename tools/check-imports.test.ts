import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkImports, type Sources, sourcesBelow } from './check-imports.ts';

/** @param dependencies of every package */
function sources(texts: Record<string, string>, dependencies: readonly string[] = []): Sources {
  const manifest = JSON.stringify({ dependencies: Object.fromEntries(dependencies.map((name) => [name, '1.0.0'])) });
  return {
    files: Object.keys(texts),
    read: (path) => texts[path] ?? (path.endsWith('package.json') ? manifest : assert.fail(`no file ${path}`)),
  };
}

test('allowed directions pass', () => {
  const texts = {
    'packages/agent/src/a.ts':
      "import { b } from './b.ts';\nimport type { P } from '@evenkeel/proxy/p.ts';\nimport 'node:fs';",
    'packages/agent/src/b.ts': "export * from '@evenkeel/model/m.ts';",
    'packages/agent/src/b.test.ts': "import { world } from '@evenkeel/testbed/world.ts';",
  };
  assert.deepEqual(checkImports(sources(texts, ['@evenkeel/model', '@evenkeel/proxy'])), []);
});

for (const [what, file, text, expected] of [
  [
    'the control plane imports the agent',
    'packages/control/src/x.ts',
    "import '@evenkeel/agent/x.ts';",
    /control may not import agent/,
  ],
  [
    'the proxy imports the control plane',
    'packages/proxy/src/x.ts',
    "import type { X } from '@evenkeel/control/x.ts';",
    /proxy may not import control/,
  ],
  [
    'the model imports anything of ours',
    'packages/model/src/x.ts',
    "export { p } from '@evenkeel/proxy/p.ts';",
    /model may not import proxy/,
  ],
  [
    'the CLI loads the agent late',
    'packages/cli/src/x.ts',
    "const a = await import('@evenkeel/agent/x.ts');",
    /cli may not import agent/,
  ],
  [
    'product code uses the testbed',
    'packages/agent/src/x.ts',
    "import '@evenkeel/testbed/x.ts';",
    /agent may not import testbed/,
  ],
  ['a path leaves its package', 'packages/agent/src/x.ts', "import '../../proxy/src/p.ts';", /leaves the package/],
  ['a file is not there', 'packages/agent/src/x.ts', "import './gone.ts';", /does not exist/],
  [
    'a dependency is not declared',
    'packages/agent/src/x.ts',
    "import pg from 'pg';",
    /pg is not in packages\/agent\/package.json/,
  ],
  [
    'an import runs over several lines',
    'packages/proxy/src/x.ts',
    "import {\n  a,\n  b,\n} from '@evenkeel/agent/x.ts';",
    /proxy may not import agent/,
  ],
  ['a package is unknown', 'packages/misc/src/x.ts', '', /misc is not in the table/],
] as const) {
  test(`refused: ${what}`, () => {
    const problems = checkImports(sources({ [file]: text }));
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0], expected);
  });
}

test('refused: a dependency that nobody imports', () => {
  const texts = { 'packages/agent/src/a.ts': "import pino from 'pino';" };
  assert.deepEqual(checkImports(sources(texts, ['pino', '@fastify/cors'])), [
    'packages/agent/package.json: nobody imports @fastify/cors',
  ]);
});

test('refused: a cycle of files, found through a third one; a cycle of types alone is none', () => {
  const texts = {
    'packages/model/src/a.ts': "import { b } from './b.ts';",
    'packages/model/src/b.ts': "import { c } from './c.ts';",
    'packages/model/src/c.ts': "export { a } from './a.ts';",
    'packages/model/src/d.ts': "import type { E } from './e.ts';",
    'packages/model/src/e.ts': "import { d } from './d.ts';",
  };
  assert.deepEqual(checkImports(sources(texts)), [
    'cycle of files: packages/model/src/a.ts → packages/model/src/b.ts → packages/model/src/c.ts → packages/model/src/a.ts',
  ]);
});

test('refused: what is there for its types alone is loaded', () => {
  const texts = {
    'packages/model/src/a.ts': "import { type Static, Type } from 'typebox';",
    'packages/model/src/b.ts': "import type { Static } from 'typebox';",
    'packages/model/src/c.test.ts': "import { Type } from 'typebox';",
    'packages/model/src/d.ts': "import { get } from 'node:http';",
    'packages/testbed/src/e.ts': "import { get } from 'node:http';\nimport { Type } from 'typebox';",
  };
  const [first, second, ...more] = checkImports(sources(texts, ['typebox']));
  assert.match(first, /a\.ts: typebox is for its types alone: use @evenkeel\/model\/type\.ts/);
  assert.match(second, /d\.ts: node:http is for its types alone: use process\.getBuiltinModule/);
  assert.deepEqual(more, []);
});

test('comments and strings are no imports', () => {
  const text =
    "// import '@evenkeel/agent/x.ts';\n/* import '@evenkeel/agent/y.ts'; */\nconst s = `see import of z`;\n";
  assert.deepEqual(checkImports(sources({ 'packages/model/src/a.ts': text })), []);
});

test('the check sees the files of this repository', () => {
  assert.ok(sourcesBelow(join(import.meta.dirname, '..')).files.includes('packages/model/src/plan/plan.ts'));
});
