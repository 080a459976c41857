import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNginx } from './nginx.ts';
import { Child } from './process/children.ts';
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

const SMALL_ORIGIN = fileURLToPath(new URL('small-origin.ts', import.meta.url));
const WEBSOCKET_ORIGIN = fileURLToPath(new URL('websocket/origin.ts', import.meta.url));
const ADDRESS = '127.0.0.1';
const SMALL_BYTES = 1024;
const HUGE_BYTES = 1024 * 1024 * 1024;

/**
 * `small`: only `PATHS.small`, whatever the path, at the least cost. `files`: all, from one nginx worker. `websocket`:
 * nothing but WebSocket messages.
 */
export type OriginKind = 'small' | 'files' | 'websocket';

/** Two origins in one process, without a log. */
export function startOrigins(kind: OriginKind, directory: string, core: number | null): Promise<Origins> {
  switch (kind) {
    case 'small':
      return startSmall(directory, core);
    case 'files':
      return startFiles(directory, core);
    case 'websocket':
      return startWebSocket(directory, core);
  }
}

async function startSmall(directory: string, core: number | null): Promise<Origins> {
  const ports = await freePorts(ADDRESS, 2);
  const command = [process.execPath, SMALL_ORIGIN, ADDRESS, String(SMALL_BYTES), ...ports.map(String)];
  const child = new Child('origins', command, { log: join(directory, 'origins.log'), core });
  await child.listening(ADDRESS, ports[1]);
  return originsOf(child, ports);
}

async function startWebSocket(directory: string, core: number | null): Promise<Origins> {
  const ports = await freePorts(ADDRESS, 2);
  const command = [process.execPath, WEBSOCKET_ORIGIN, ADDRESS, ...ports.map(String)];
  const child = new Child('origins', command, { log: join(directory, 'origins.log'), core });
  await child.listening(ADDRESS, ports[1]);
  return originsOf(child, ports);
}

/** 1 KB from memory, 1 MB and 1 GB from the page cache. */
async function startFiles(directory: string, core: number | null): Promise<Origins> {
  const ports = await freePorts(ADDRESS, 2);
  writeFileSync(join(directory, PATHS.large), Buffer.alloc(LARGE_BYTES, 'evenkeel '));
  // The largest file is a hole: it takes no room, and only its beginning is ever read.
  writeFileSync(join(directory, PATHS.huge), '');
  truncateSync(join(directory, PATHS.huge), HUGE_BYTES);
  const endpoint = { address: ADDRESS, port: ports[0] };
  return originsOf(await startNginx('origins', configuration(ports, directory), directory, endpoint, core), ports);
}

function originsOf(child: Child, ports: readonly number[]): Origins {
  const endpoints = ports.map((port) => ({ address: ADDRESS, port }));
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
