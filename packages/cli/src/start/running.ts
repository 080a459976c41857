import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { explainFileError } from './failure.ts';
import { startTimeOf } from './process-time.ts';

export interface ProcessMark {
  readonly name: string;
  readonly pid: number;
  /** See process-time.ts. */
  readonly startTime: number;
}

/** What a supervisor leaves in its home about itself: for `status` and `stop`, and for the one that comes after a crash. */
export interface Running {
  readonly pid: number;
  readonly url: string | null;
  readonly metricsUrl: string | null;
  readonly processes: readonly ProcessMark[];
  /** Where it takes requests, see control-socket.ts; null: not yet. */
  readonly socket?: string | null;
}

export function writeRunning(path: string, running: Running): void {
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(running, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw explainFileError(path, error);
  }
}

/** null when there is none, or none that can be read. */
export function readRunning(path: string): Running | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Running;
  } catch {
    return null;
  }
}

export function removeRunning(path: string): void {
  rmSync(path, { force: true });
}

/** The processes of `running` that are still there. */
export function survivors(running: Running): readonly ProcessMark[] {
  return running.processes.filter(({ pid, startTime }) => startTimeOf(pid) === startTime);
}
