// @ts-check
// The pinned Node that Evenkeel runs on: where it is, whether it can run here, and what to do when it cannot.
// Plain JavaScript: this is read by whatever Node (20 or newer) starts the program.

import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** First major version that runs every part of Evenkeel; the pinned one is of this major version. */
const REQUIRED_MAJOR = 26;

const ARCHITECTURES = ['x64', 'arm64'];

/** A failure that the person at the terminal can mend; the message is the whole story. */
export class Refusal extends Error {}

/** @returns {string} where the pinned Node is, once it is installed */
export function pinnedNode(arch = process.arch) {
  return join(root, 'node_modules', `node-linux-${arch}`, 'bin', 'node');
}

/** Throws a Refusal when this kind of machine cannot run Evenkeel. */
export function requirePlatform(platform = process.platform, arch = process.arch, libc = detectLibc()) {
  if (platform !== 'linux' || !ARCHITECTURES.includes(arch)) {
    throw new Refusal(
      `Evenkeel runs on Linux x64 and arm64, and this is ${platform} ${arch}: run it in a Linux virtual machine or container.`,
    );
  }
  if (libc === 'musl') {
    throw new Refusal(
      'Evenkeel needs a Linux with glibc 2.28 or newer, and this one uses musl (Alpine): use a Debian, Ubuntu or Fedora image.',
    );
  }
}

/** @returns {'glibc' | 'musl'} */
export function detectLibc() {
  if (process.platform !== 'linux') return 'glibc';
  const report = process.report;
  // Without this a report looks up host names.
  Object.assign(report, { excludeNetwork: true });
  const { header } = /** @type {{ header: Record<string, unknown> }} */ (/** @type {unknown} */ (report.getReport()));
  return header.glibcVersionRuntime ? 'glibc' : 'musl';
}

/**
 * The Node to run with: the pinned one, or the present one when that is new enough and the pinned one cannot start.
 * Throws a Refusal that says why when there is neither.
 * @returns {string}
 */
export function usableNode() {
  const node = pinnedNode();
  const probe = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  if (probe.status === 0) return node;
  if (Number.parseInt(process.versions.node, 10) >= REQUIRED_MAJOR) return process.execPath;
  throw new Refusal(explainNodeFailure(node, probe.stderr || probe.error?.message || `exit code ${probe.status}`));
}

/**
 * @param {string} node
 * @param {string} output what it said, or the system's error
 */
export function explainNodeFailure(node, output) {
  if (output.includes('libatomic.so.1')) {
    return `Node ${REQUIRED_MAJOR} needs the library libatomic, which is not on this machine: install it (Debian, Ubuntu: apt-get install libatomic1; Fedora, RHEL: dnf install libatomic) and start again.`;
  }
  if (/GLIBC(XX)?_[\d.]+' not found/.test(output)) {
    return `Node ${REQUIRED_MAJOR} needs glibc 2.28 and libstdc++ 6.0.24 or newer, and this machine's are older: use a newer release of the system.`;
  }
  if (output.includes('EACCES')) {
    return `${node} may not be executed: check that the file system is not mounted with noexec.`;
  }
  return `${node} cannot run here: ${output.trim().split('\n')[0]}`;
}
