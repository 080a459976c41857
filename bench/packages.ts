import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './process/children.ts';

/** Programs that the benchmark uses, and the Debian packages that bring them. */
const PACKAGES: Readonly<Record<string, string>> = {
  haproxy: 'haproxy',
  nginx: 'nginx-light',
  wrk: 'wrk',
  taskset: 'util-linux',
};

/**
 * Installs what is missing when that is possible (root on Debian), saying so. A service that a package starts on its
 * own is stopped again. What is still missing afterwards shows when it is asked for its version.
 */
export async function installMissing(say: (line: string) => void): Promise<void> {
  const missing = Object.keys(PACKAGES).filter((program) => !onPath(program));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    say(`not installed: ${missing.join(', ')} (they can only be installed by root on Debian)`);
    return;
  }
  const packages = missing.map((program) => PACKAGES[program]);
  say(`installing the Debian packages ${packages.join(', ')}`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run(['apt-get', 'update', '-q'], { core: null, environment });
    await run(['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...packages], { core: null, environment });
  } catch (error) {
    say(`could not install them: ${(error as Error).message}`);
  }
  for (const service of missing.filter((program) => program === 'haproxy' || program === 'nginx')) {
    say(`stopping the ${service} service that its package has started`);
    await run(['sh', '-c', `service ${service} stop >/dev/null 2>&1 || true`], { core: null });
  }
}

export function onPath(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there or not ours to run: either way it is not a program that we can use.
    return false;
  }
}
