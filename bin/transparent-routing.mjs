#!/usr/bin/env node
// @ts-check
// Sets a node up for transparent services: see docs/guide/source-address.md.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { Refusal, root, usableNode } from './runtime.mjs';

try {
  await ensureInstalled();
  const run = spawn(usableNode(), [join(root, 'tools', 'transparent-routing.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // Ctrl-C ends both.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => run.kill(signal));
  }
  run.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`transparent-routing: ${error.message}\n`);
  process.exitCode = 1;
}
