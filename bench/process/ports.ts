import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Ports below those that Linux gives by itself to connections and to servers that ask for any. */
const FIRST = 10_240;
const LAST = 32_767;
const TRIES = 100;

/**
 * Ports of `address` that were free a moment ago, all different. Another program could take one in between, but none that
 * leaves the choice to the kernel; that shows at start.
 */
export async function freePorts(address: string, count: number): Promise<number[]> {
  const taken = new Map<number, Server>();
  for (let tries = 0; taken.size < count; tries++) {
    if (tries === TRIES * count) throw new Error(`no port of ${address} between ${FIRST} and ${LAST} is free`);
    const port = FIRST + Math.floor(Math.random() * (LAST + 1 - FIRST));
    const server = taken.has(port) ? null : await listening(address, port);
    if (server !== null) taken.set(port, server);
  }
  for (const server of taken.values()) {
    server.close();
    await once(server, 'close');
  }
  return [...taken.keys()];
}

/** null: the port is taken. */
async function listening(address: string, port: number): Promise<Server | null> {
  const server = createServer();
  server.listen(port, address);
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return null;
  }
}
