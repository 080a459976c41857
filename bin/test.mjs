#!/usr/bin/env node
// @ts-check
// `npm test`: installs what is missing, then runs the checks and the tests with the pinned Node.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { Refusal, root, usableNode } from './runtime.mjs';

try {
  await ensureInstalled({ development: true });
  const run = spawn(usableNode(), [join(root, 'tools', 'test.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    cwd: root,
  });
  process.on('SIGINT', () => run.kill('SIGINT'));
  process.on('SIGTERM', () => run.kill('SIGTERM'));
  run.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`npm test: ${error.message}\n`);
  process.exitCode = 1;
}
