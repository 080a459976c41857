import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx } from './nginx.ts';
import type { Child } from './process/children.ts';
import { freePorts } from './process/ports.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface Origins {
  readonly endpoints: readonly Endpoint[];
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** What the origins answer. */
export const PATHS = { small: '/1k', large: '/1m', huge: '/1g' } as const;
export const LARGE_BYTES = 1024 * 1024;

const ADDRESS = '127.0.0.1';
const SMALL_BYTES = 1024;
const HUGE_BYTES = 1024 * 1024 * 1024;

/** Two origins in one nginx worker: 1 KB from memory, 1 MB and 1 GB from the page cache, no log. */
export async function startOrigins(directory: string, core: number | null): Promise<Origins> {
  const ports = await freePorts(ADDRESS, 2);
  writeFileSync(join(directory, PATHS.large), Buffer.alloc(LARGE_BYTES, 'evenkeel '));
  // The largest file is a hole: it takes no room, and only its beginning is ever read.
  writeFileSync(join(directory, PATHS.huge), '');
  truncateSync(join(directory, PATHS.huge), HUGE_BYTES);
  const endpoints = ports.map((port) => ({ address: ADDRESS, port }));
  const child: Child = await startNginx('origins', configuration(ports, directory), directory, endpoints[0], core);
  return { endpoints, pids: () => child.pids, stop: () => child.stop() };
}

function configuration(ports: readonly number[], directory: string): string {
  return `
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  default_type text/plain;
  server {
${ports.map((port) => `    listen ${ADDRESS}:${port} backlog=4096;`).join('\n')}
    root ${directory};
    location = ${PATHS.small} { return 200 "${'0123456789abcdef'.repeat(SMALL_BYTES / 16)}"; }
  }
`;
}
