#!/usr/bin/env node
// @ts-check
// `npm run bench` and, with the first argument `flow`, `npm run bench:flow`: installs what is missing, then runs the
// benchmarks with the pinned Node.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { Refusal, root, usableNode } from './runtime.mjs';

try {
  await ensureInstalled();
  const flow = process.argv[2] === 'flow';
  const script = join(root, 'bench', ...(flow ? ['flow'] : []), 'main.ts');
  const run = spawn(usableNode(), [script, ...process.argv.slice(flow ? 3 : 2)], { stdio: 'inherit' });
  // The benchmark cleans up when it gets one of these; this process only waits for it.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => run.kill(signal));
  }
  run.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`npm run bench: ${error.message}\n`);
  process.exitCode = 1;
}
