import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Ports of `address` that were free a moment ago, all different. Another program could take one in between; that shows at start. */
export async function freePorts(address: string, count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) {
    server.listen(0, address);
    await once(server, 'listening');
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
