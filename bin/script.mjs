// @ts-check
// What the commands of npm that run a script of the repository share.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { Refusal, root, usableNode } from './runtime.mjs';

/**
 * Installs what is missing, then runs a script with the pinned Node and ends as that does.
 * @param {object} options
 * @param {string} options.command What the user has typed, for messages.
 * @param {readonly string[]} options.script The script's path in the repository.
 * @param {readonly string[]} [options.args] Default: those of this process.
 * @param {boolean} [options.development] Whether it needs what only development does.
 */
export async function runScript({ command, script, args = process.argv.slice(2), development = false }) {
  try {
    await ensureInstalled({ development });
    const run = spawn(usableNode(), [join(root, ...script), ...args], { stdio: 'inherit' });
    // The script cleans up when it gets one of these; this process only waits for it.
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.on(signal, () => run.kill(signal));
    }
    run.on('exit', (code) => {
      process.exitCode = code ?? 1;
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`${command}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
