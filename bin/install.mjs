// @ts-check
// Makes sure that what package-lock.json names is installed, with npm's own record of the last installation as the
// stamp, so that a start with everything in place costs two small file reads and no process.

import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { detectLibc, Refusal, requirePlatform, root, usableNode } from './runtime.mjs';

/**
 * @typedef {{ version?: string, link?: boolean, dev?: boolean, devOptional?: boolean, optional?: boolean,
 *   os?: string | string[], cpu?: string | string[], libc?: string | string[] }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lock
 * @typedef {{ platform: string, arch: string, libc: () => string }} Machine
 */

/** Without a network npm would try for more than a minute; these settings give up after about ten seconds. */
const NPM_ARGS = [
  'ci',
  '--loglevel=error',
  '--fetch-retries=3',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
];

/**
 * Installs when node_modules does not hold what the lockfile names. Throws a Refusal with the remedy.
 * @param {{ development?: boolean, say?: (line: string) => void }} [options] development: with the tools for tests
 */
export async function ensureInstalled({ development = false, say = (line) => process.stderr.write(`${line}\n`) } = {}) {
  const locked = readLock(join(root, 'package-lock.json'));
  if (locked === null)
    throw new Refusal(`${join(root, 'package-lock.json')} is missing or broken: check the files out again.`);
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  const machine = { platform: process.platform, arch: process.arch, libc: once(detectLibc) };
  if (installed !== null && firstMissing(locked, installed, development, machine) === null) return;

  requirePlatform();
  const started = Date.now();
  const stop = showProgress(say, 'Installing what package-lock.json names (once, about half a minute)');
  const { code, output } = await runNpm([...NPM_ARGS, development ? '--include=dev' : '--omit=dev']);
  stop();
  if (code !== 0) throw new Refusal(explainNpmFailure(output));
  try {
    usableNode();
  } catch (error) {
    // Not recorded as done, and no broken `node` on the PATH of npm scripts: the next start comes here again.
    rmSync(join(root, 'node_modules', '.package-lock.json'), { force: true });
    rmSync(join(root, 'node_modules', '.bin', 'node'), { force: true });
    throw error;
  }
  say(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
}

/**
 * The first package that the lockfile wants on this machine and that is not installed in that version, or null.
 * @param {Lock} locked
 * @param {Lock} installed
 * @param {boolean} development
 * @param {Machine} machine
 */
export function firstMissing(locked, installed, development, machine) {
  for (const [path, entry] of Object.entries(locked.packages)) {
    if (!path.includes('node_modules/') || entry.link) continue;
    if (!development && (entry.dev || entry.devOptional)) continue;
    if (!fits(entry.os, () => machine.platform) || !fits(entry.cpu, () => machine.arch)) continue;
    if (!fits(entry.libc, machine.libc)) continue;
    if (installed.packages[path]?.version !== entry.version) return path;
  }
  return null;
}

/**
 * @param {string | string[] | undefined} allowed as in package.json: names, or names with `!` in front
 * @param {() => string} actual
 */
function fits(allowed, actual) {
  if (allowed === undefined) return true;
  const names = [allowed].flat();
  if (names.some((name) => name === `!${actual()}`)) return false;
  return names.every((name) => name.startsWith('!')) || names.includes(actual());
}

/**
 * @param {string} path
 * @returns {Lock | null} null when it is absent or no lockfile
 */
function readLock(path) {
  try {
    const lock = JSON.parse(readFileSync(path, 'utf8'));
    return lock.packages ? lock : null;
  } catch {
    // Absent, or cut off by an interrupted installation: both mean "not installed".
    return null;
  }
}

/**
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function runNpm(args) {
  // npm scripts put node_modules/.bin in front, where a `node` lies that this very installation replaces.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return new Promise((resolve, reject) => {
    const npm = spawn('npm', args, {
      cwd: root,
      env: { ...process.env, PATH: path.join(delimiter) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-20_000);
      });
    }
    npm.on('error', (error) => {
      const absent = /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT';
      reject(
        new Refusal(
          absent ? 'npm is not on the PATH: install npm (it comes with Node.js) and start again.' : error.message,
        ),
      );
    });
    npm.on('close', (code) => resolve({ code, output }));
  });
}

/** @param {string} output of an npm that failed */
export function explainNpmFailure(output) {
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1] ?? '';
  if (
    /^(ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|FETCH_ERROR|ERR_SOCKET_TIMEOUT)$/.test(
      code,
    )
  ) {
    return `The npm registry cannot be reached (${code}): the first start needs the network; check the connection, or the proxy and registry settings of npm.`;
  }
  if (/^(EACCES|EPERM|EROFS)$/.test(code))
    return `npm may not write to ${root} (${code}): make the folder writable for this user.`;
  if (code === 'ENOSPC') return `The disk of ${root} is full: an installation takes about 400 MB.`;
  if (code === 'EINTEGRITY')
    return 'A package that npm fetched does not match package-lock.json: run "npm cache clean --force", or ask who runs your registry.';
  if (code === 'EUSAGE')
    return 'package.json and package-lock.json do not belong together: check both out again, or run "npm install" if you have changed package.json.';
  const lines = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line) && !line.includes('complete log'));
  return `npm could not install (${code || 'no code'}):\n${lines.slice(0, 8).join('\n') || output.trim().slice(-800)}`;
}

/**
 * One line that counts the seconds on a terminal; a plain line elsewhere.
 * @param {(line: string) => void} say
 * @param {string} text
 * @returns {() => void} ends it
 */
function showProgress(say, text) {
  if (!process.stderr.isTTY) {
    say(`${text} …`);
    return () => {};
  }
  const started = Date.now();
  const draw = () => process.stderr.write(`\r${text} … ${Math.round((Date.now() - started) / 1000)} s`);
  draw();
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\n');
  };
}

/**
 * @template T
 * @param {() => T} make
 * @returns {() => T}
 */
function once(make) {
  /** @type {T | undefined} */
  let value;
  return () => {
    value ??= make();
    return value;
  };
}
