#!/usr/bin/env node
// @ts-check
// `npm run soak`: installs what is missing, then puts load on the product while things change and break, with the pinned Node.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { Refusal, root, usableNode } from './runtime.mjs';

try {
  await ensureInstalled();
  const run = spawn(usableNode(), [join(root, 'bench', 'soak', 'main.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // It cleans up when it gets one of these; this process only waits for it.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => run.kill(signal));
  }
  run.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`npm run soak: ${error.message}\n`);
  process.exitCode = 1;
}
