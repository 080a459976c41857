import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unbound } from '../packages/cli/src/commands/call.ts';
import { exitCodeTable, referenceOf } from '../packages/cli/src/guide/reference.ts';
import { buildProgram } from '../packages/cli/src/program.ts';

/**
 * Writes the generated parts of docs/guide/cli.md, which stand between `<!-- generated: NAME -->` and `<!-- end -->`.
 * With --check it only compares, and fails when a part is not as it should be.
 */
const path = join(import.meta.dirname, '..', 'docs', 'guide', 'cli.md');
const parts: Readonly<Record<string, string>> = {
  'exit codes': exitCodeTable(),
  commands: referenceOf(buildProgram({ out: () => {}, err: () => {} }, unbound)),
};

const before = readFileSync(path, 'utf8');
const after = before.replace(
  /(<!-- generated: ([a-z ]+) -->\n)[\s\S]*?(<!-- end -->)/g,
  (_, head: string, name: string, tail: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`docs/guide/cli.md asks for "${name}", which nothing generates`);
    return `${head}\n${part}\n\n${tail}`;
  },
);

if (!process.argv.includes('--check')) writeFileSync(path, after);
else if (before !== after) {
  console.error('docs/guide/cli.md is behind the command tree: run "node tools/generate-cli-guide.ts"');
  process.exitCode = 1;
}
