import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startNginx } from './nginx.ts';
import type { Endpoint } from './origin.ts';
import type { Child } from './process/children.ts';
import { freePorts } from './process/ports.ts';

/** Many small origins in two camps; each answers with the name of its camp. */
export interface Signposts {
  /** `count` endpoints of a camp, different from those of other calls with another `offset`. */
  endpoints(camp: Camp, offset: number, count: number): Endpoint[];
  readonly process: Child;
}

export const CAMPS = ['left', 'right'] as const;
export type Camp = (typeof CAMPS)[number];

/** Starts one nginx that listens on `count` addresses of 127.32.0.0/16 for each camp. */
export async function startSignposts(directory: string, count: number, core: number | null): Promise<Signposts> {
  const folder = join(directory, 'signposts');
  mkdirSync(folder);
  const ports = await freePorts(addressOf(0), CAMPS.length);
  const servers = CAMPS.map((camp, index) => {
    const sockets = Array.from({ length: count }, (_, n) => `    listen ${addressOf(n)}:${ports[index]};`);
    return `  server {\n${sockets.join('\n')}\n    location / { return 200 ${camp}; }\n  }`;
  });
  const http = `  access_log off;\n  keepalive_requests 1000000000;\n${servers.join('\n')}\n`;
  const process = await startNginx('signposts', http, folder, { address: addressOf(count - 1), port: ports[1] }, core);
  return {
    process,
    endpoints: (camp, offset, many) =>
      Array.from({ length: many }, (_, n) => ({ address: addressOf(offset + n), port: ports[CAMPS.indexOf(camp)] })),
  };
}

function addressOf(index: number): string {
  return `127.32.${index >> 8}.${index & 255}`;
}
