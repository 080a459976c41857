import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const ROOT = new URL('../../', import.meta.url);

/** Our version with the commit that is measured, and whether the tree has changes on top of it. */
export async function productVersion(): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string };
  const git = async (...args: string[]) => (await promisify(execFile)('git', args, { cwd: ROOT })).stdout.trim();
  try {
    const commit = await git('rev-parse', '--short', 'HEAD');
    const changed = (await git('status', '--porcelain', '--', 'packages')) !== '';
    return `Evenkeel ${version} (${commit}${changed ? ', with changes' : ''})`;
  } catch {
    // A copy without its history, or without git: the version has to do.
    return `Evenkeel ${version}`;
  }
}
