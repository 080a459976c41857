import { fileURLToPath } from 'node:url';
import { run } from '../process/children.ts';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** A new connection for each request. */
  readonly close?: boolean;
  /** No two requests in a row have the same fields. */
  readonly vary?: boolean;
  /** Requests are for so many hosts (`h0.example.com` …) instead of one. */
  readonly hosts?: number;
  /** One cookie more. */
  readonly cookie?: string;
  readonly core: number | null;
}

export interface LoadResult {
  readonly requests: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Latencies in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Where it is measured: `wrk` does so. */
  readonly p999?: number;
  /** Failed connects, reads and writes, timeouts, and answers that are not 2xx or 3xx. */
  readonly errors: number;
}

const SCRIPT = fileURLToPath(new URL('browser.lua', import.meta.url));

/** Sends browser-like requests as fast as they are answered from one wrk thread. */
export async function wrk(load: Load): Promise<LoadResult> {
  const environment = {
    ...(load.close === true ? { WRK_CLOSE: '1' } : {}),
    ...(load.vary === true ? { WRK_VARY: '1' } : {}),
    ...(load.hosts === undefined ? {} : { WRK_HOSTS: String(load.hosts) }),
    ...(load.cookie === undefined ? {} : { WRK_COOKIE: load.cookie }),
  };
  const command = [
    'wrk',
    '-t1',
    `-c${load.connections}`,
    `-d${load.seconds}s`,
    '--timeout',
    '10s',
    '-s',
    SCRIPT,
    load.url,
  ];
  return parseResult(await run(command, { core: load.core, environment }));
}

/** Reads the line that `browser.lua` writes at the end. */
export function parseResult(output: string): LoadResult {
  const match = /^result (\{.*\})$/m.exec(output);
  if (match === null) throw new Error(`wrk gave no result: ${output}`);
  const raw = JSON.parse(match[1]) as Record<string, number>;
  if (raw.requests === 0) throw new Error(`wrk got no answer at all: ${output}`);
  return {
    requests: raw.requests,
    bytes: raw.bytes,
    seconds: raw.microseconds / 1e6,
    p50: raw.p50 / 1000,
    p99: raw.p99 / 1000,
    p999: raw.p999 / 1000,
    errors: raw.errors,
  };
}
