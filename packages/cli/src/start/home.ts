import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { explainFileError } from './failure.ts';

/** The folder that packages/ is in. */
export const ROOT = resolve(import.meta.dirname, '..', '..', '..', '..');

/** The folder with everything that one installation keeps: state, credentials, plans, logs. */
export interface Home {
  readonly path: string;
  /** Held by whoever runs on this home. */
  readonly lock: string;
  /** Who runs on this home and where it listens. */
  readonly record: string;
  /** Where whoever runs on this home takes requests, if the system can have a socket of that name. */
  readonly socket: string;
  readonly logs: string;
  readonly adminCredential: string;
  readonly nodeCredential: string;
  /** What a node is known by that has joined. */
  readonly nodeIdentity: string;
  readonly state: string;
  readonly demo: string;
}

/** `--home` before EVENKEEL_HOME before `.evenkeel` in the checkout. */
export function locateHome(flag: string | undefined, env: NodeJS.ProcessEnv = process.env): Home {
  const path = resolve(flag || env.EVENKEEL_HOME || join(ROOT, '.evenkeel'));
  return {
    path,
    lock: join(path, 'run', 'lock'),
    record: join(path, 'run', 'running.json'),
    socket: join(path, 'run', 'supervisor.sock'),
    logs: join(path, 'logs'),
    adminCredential: join(path, 'credentials', 'admin.json'),
    nodeCredential: join(path, 'credentials', 'node.json'),
    nodeIdentity: join(path, 'credentials', 'node-identity.json'),
    state: join(path, 'state', 'evenkeel.db'),
    demo: join(path, 'demo.json'),
  };
}

/** Makes the folders; others may look at nothing in them. Throws a StartFailure. */
export function prepareHome(home: Home): void {
  for (const folder of [home.path, join(home.path, 'run'), home.logs]) {
    try {
      makeFolder(folder);
    } catch (error) {
      throw explainFileError(folder, error);
    }
  }
}

/**
 * `mkdirSync` with `recursive` hides why a folder cannot be made, and never comes back from a file system that answers
 * ENOENT for a folder that is there (procfs).
 */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}
