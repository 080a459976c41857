import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';

/**
 * A server of the demo, run as a process of its own: it tells its name, the path, and the headers that reached it, so
 * that one sees what the load balancer does. `/health` is for health checks.
 */
/** An `import` of node:http evaluates all that it exports, a WebSocket client included: more than this whole program. */
const { createServer } = process.getBuiltinModule('node:http');

const { values } = parseArgs({
  options: { name: { type: 'string' }, address: { type: 'string' }, port: { type: 'string' } },
});
const { name = 'origin', address = '127.0.0.1', port = '0' } = values;

const server = createServer((request, response) => {
  const { method, url, headers } = request;
  const body = url === '/health' ? { status: 'ok' } : { origin: name, method, path: url, headers };
  response.writeHead(200, { 'content-type': 'application/json', 'x-origin': name });
  response.end(`${JSON.stringify(body, null, 2)}\n`);
});

server.on('error', (error) => {
  console.error(`The demo's server ${name} cannot listen on ${address}:${port}: ${error.message}.`);
  process.exitCode = 1;
});
server.listen(Number(port), address, () => {
  console.log(JSON.stringify({ event: 'ready', address, port: (server.address() as AddressInfo).port }));
});

process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
  // Kept connections that idle later would hold the process.
  setTimeout(() => server.closeAllConnections(), 1_000).unref();
});
