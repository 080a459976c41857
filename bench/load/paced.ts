import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../process/children.ts';

export interface PacedLoad {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  /** Requests a second. */
  readonly rate: number;
  /** Of this load before it is counted, so that the client is warm. */
  readonly leadSeconds: number;
  readonly seconds: number;
  /** Of the schedule. */
  readonly seed: number;
  /** Requests are for so many hosts (`h0.example.com` …) instead of one. */
  readonly hosts?: number;
  /** One cookie more. */
  readonly cookie?: string;
  readonly core: number | null;
}

/** What became of one request. Times in milliseconds. */
export interface Answered {
  /** When it was due, since the kernel was started (CLOCK_MONOTONIC). */
  readonly at: number;
  /** From then to the end of the answer. */
  readonly took: number;
  /** 200 when all is well; -1: it was not answered. */
  readonly status: number;
}

const CLIENT = fileURLToPath(new URL('paced-client.ts', import.meta.url));

/** Sends requests at a steady rate and tells of each one that was due behind the lead. */
export async function paced({ core, ...load }: PacedLoad, directory: string): Promise<Answered[]> {
  const log = join(directory, 'paced.log');
  await run([process.execPath, CLIENT, JSON.stringify({ ...load, log })], { core });
  const answered = parseLog(readFileSync(log, 'latin1'));
  rmSync(log);
  if (answered.length === 0) throw new Error('the paced client sent nothing');
  return answered;
}

/** Reads lines in the columns of `h2load --log-file`: start, status, duration, in microseconds; more may follow. */
export function parseLog(text: string): Answered[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [at, status, took] = line.split('\t').map(Number);
      if (![at, status, took].every(Number.isFinite)) throw new Error(`not a line of a request log: ${line}`);
      return { at: at! / 1e3, status: status!, took: took! / 1e3 };
    });
}
