import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

export interface Check {
  readonly name: string;
  /** A JavaScript or TypeScript file, run with the Node that runs this. */
  readonly command: readonly string[];
}

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
  readonly milliseconds: number;
}

/** What must hold for every file before a test is worth running. Scripts `tools/generate-*.ts` compare when given --check. */
export function checksBelow(root: string): Check[] {
  return [
    {
      name: 'format and lint (Biome)',
      command: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
    },
    { name: 'types (tsc)', command: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'] },
    { name: 'directions of imports', command: ['tools/check-imports.ts'] },
    ...globSync('tools/generate-*.ts', { cwd: root })
      .filter((path) => !path.endsWith('.test.ts'))
      .sort()
      .map((path) => ({ name: `generated = committed (${path})`, command: [path, '--check'] })),
  ].map(({ name, command: [file, ...rest] }) => ({ name, command: [join(root, file), ...rest] }));
}

/** Runs one check to its end; everything it printed is the output. */
export function runCheck(check: Check, root: string): Promise<CheckResult> {
  const started = performance.now();
  const child = spawn(process.execPath, check.command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ name: check.name, passed: code === 0, output, milliseconds: performance.now() - started });
    });
  });
}
