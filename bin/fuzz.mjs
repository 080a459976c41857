#!/usr/bin/env node
// @ts-check
// `npm run fuzz`: installs what is missing, then runs the fuzzers with the pinned Node.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { Refusal, root, usableNode } from './runtime.mjs';

try {
  await ensureInstalled({ development: true });
  const run = spawn(usableNode(), [join(root, 'tools', 'fuzz.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C ends both.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => run.kill(signal));
  }
  run.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`npm run fuzz: ${error.message}\n`);
  process.exitCode = 1;
}
