import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx } from '../nginx.ts';
import type { Endpoint } from '../origin.ts';
import { freePorts } from '../process/ports.ts';

const HOST = '127.0.0.1';

export interface Targets {
  readonly endpoints: readonly Endpoint[];
  stop(): Promise<void>;
}

/** Where targets are: their addresses, and how a program is started there. */
export interface Place {
  address(index: number): string;
  readonly prefix: readonly string[];
  readonly core: number | null;
}

/** On this machine. */
export const NEAR: Place = { address: (index) => `127.32.${index >> 8}.${index & 255}`, prefix: [], core: null };

/**
 * One nginx on one socket for all addresses: a socket for each would take the descriptors that kept connections need.
 */
export async function startTargets(place: Place, directory: string, count: number): Promise<Targets> {
  const [port] = await freePorts(HOST, 1);
  const http = `  access_log off;\n  keepalive_requests 1000000000;\n  server {\n    listen ${port} backlog=4096;\n    location / { return 200 here; }\n  }\n`;
  const folder = join(directory, 'targets');
  mkdirSync(folder);
  const endpoints = Array.from({ length: count }, (_, n): Endpoint => ({ address: place.address(n), port: port! }));
  const nginx = await startNginx('targets', http, folder, endpoints[0]!, place.core, place.prefix);
  return { endpoints, stop: () => nginx.stop() };
}
