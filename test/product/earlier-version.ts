import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');

/** How many commits back: enough to be another version, few enough to be one that users could come from. */
const BACK = 40;

/** An earlier version of this repository in a folder of its own, with the same dependencies; or why there is none. */
export function earlierVersion(t: TestContext): { readonly root: string } | { readonly missing: string } {
  const revision = git(['rev-parse', '--verify', '--quiet', `HEAD~${BACK}`])
    ?.toString('utf8')
    .trim();
  if (revision === undefined) return { missing: `no git, or no history of ${BACK} commits` };
  const archive = git(['archive', '--format=tar', revision]);
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-earlier-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const unpacked = spawnSync('tar', ['-x', '-C', root], { input: archive });
  if (archive === undefined || unpacked.status !== 0) return { missing: `${revision} cannot be unpacked` };
  linkDependencies(root);
  const other = dependenciesOf(root).find(([name, version]) => installed(name) !== version);
  return other === undefined ? { root } : { missing: `${revision} needs ${other.join(' ')}, which is not installed` };
}

function git(args: readonly string[]): Buffer | undefined {
  const { status, stdout } = spawnSync('git', ['-C', ROOT, ...args], { maxBuffer: 256 * 1024 * 1024 });
  return status === 0 ? stdout : undefined;
}

/** What is installed, and the earlier version's own packages. */
function linkDependencies(root: string): void {
  const [from, to] = [join(ROOT, 'node_modules'), join(root, 'node_modules')];
  mkdirSync(join(to, '@evenkeel'), { recursive: true });
  for (const name of readdirSync(from)) if (name !== '@evenkeel') symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(root, 'packages'))) {
    symlinkSync(join(root, 'packages', name), join(to, '@evenkeel', name));
  }
}

/** Names and versions of what its packages need from elsewhere. */
function dependenciesOf(root: string): [name: string, version: string][] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const { dependencies = {} } = readPackage(join(root, 'packages', name));
    return Object.entries(dependencies).filter(([needed]) => !needed.startsWith('@evenkeel/'));
  });
}

function installed(name: string): string | undefined {
  const folder = join(ROOT, 'node_modules', name);
  return existsSync(folder) ? readPackage(folder).version : undefined;
}

function readPackage(folder: string): { version?: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
