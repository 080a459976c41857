#!/usr/bin/env node
// @ts-check
// The `evenkeel` command for any Node ≥ 20: installs what is missing, then becomes the pinned Node with the CLI.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { explainNodeFailure, pinnedNode, Refusal, root, usableNode } from './runtime.mjs';

const main = join(root, 'packages', 'cli', 'src', 'main.ts');
const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
const compileCache = join(root, 'node_modules', '.cache', 'compile');

try {
  await ensureInstalled();
  await run(pinnedNode());
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`evenkeel: ${error.message}\n`);
  process.exitCode = 1;
}

/** @param {string} node */
async function run(node) {
  // Compiled code is kept between starts; a folder that cannot be written only makes them slower.
  process.env.NODE_COMPILE_CACHE ??= compileCache;
  if (process.execPath === node) {
    mkdirSync(compileCache, { recursive: true });
    module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
    process.argv[1] = main;
    await import(main);
    return;
  }
  const args = [main, ...process.argv.slice(2)];
  if (typeof process.execve === 'function') process.execve(usableNode(), [node, ...args], process.env);
  process.exitCode = await runAsChild(node, args);
}

/**
 * For a Node that cannot replace itself by another program: a child that gets our signals, our streams, and gives its
 * exit code. It also gets a pipe that ends when we are killed, so that it never outlives us.
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<number>}
 */
async function runAsChild(node, args) {
  const child = spawn(node, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, EVENKEEL_LIFELINE: '3' },
  });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  const { code, signal } = await new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Refusal(explainNodeFailure(node, error.message))));
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  // 127 is the dynamic loader's: it has said which library is missing, and this throws what to do about it.
  if (code === 127) usableNode();
  return code ?? 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)];
}
