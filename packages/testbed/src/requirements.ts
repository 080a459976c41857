import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders that system programs live in and that an ordinary user's PATH may lack. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * What to give as the `skip` of a test that needs programs of the system: false when all are there, else the reason.
 * With EVENKEEL_REQUIRE_ALL=1 (continuous integration) it is always false, so that the test runs, and fails.
 *
 * @example test('metrics satisfy promtool', { skip: requires('promtool') }, …)
 */
export function requires(...programs: string[]): false | string {
  return skipReason(programs, process.env);
}

/** @see requires */
export function skipReason(programs: readonly string[], env: NodeJS.ProcessEnv): false | string {
  if (env.EVENKEEL_REQUIRE_ALL === '1') return false;
  const missing = programs.filter((program) => locate(program, env) === null);
  return missing.length > 0 && `not installed: ${missing.join(', ')}`;
}

/** Where a program is, or null. */
export function locate(program: string, env: NodeJS.ProcessEnv = process.env): string | null {
  for (const folder of [...(env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS]) {
    const path = join(folder || '.', program);
    if (isExecutable(path)) return path;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
