import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

/**
 * A backend that a scenario kills, restarts and slows down: it answers every request with its name. Its parent changes
 * its delay and asks for its count by messages. Told to end, it answers what it has begun and takes nothing new.
 */
const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'origin' },
    port: { type: 'string', default: '0' },
    /** Milliseconds after which an idle connection is closed. */
    idle: { type: 'string', default: '60000' },
    delay: { type: 'string', default: '0' },
  },
});

export type OriginOrder = { readonly delay: number } | 'count';
export type OriginWord = { readonly port: number } | { readonly count: number };

let delay = Number(values.delay);
let count = 0;
const server = createServer({ keepAliveTimeout: Number(values.idle) }, async (_request, response) => {
  count++;
  if (delay > 0) await sleep(delay);
  response.end(values.name);
});
const tell = (word: OriginWord) => process.send?.(word);
process.on('message', (order: OriginOrder) => {
  if (order === 'count') tell({ count });
  else delay = order.delay;
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
});
server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4_096 }, () => {
  tell({ port: (server.address() as { port: number }).port });
});
