import { createEngine } from '../src/engine/create.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** An engine with one worker: arguments are the reactor, the ports of its listener and its target, and its buffers. */
const [reactor, port, origin, buffers = ''] = process.argv.slice(2);
const engine = await createEngine({
  workers: 1,
  reactor: reactor === 'uring' ? 'uring' : 'portable',
  ...(buffers === '' ? {} : { buffers: Number(buffers) }),
  onWorkerDeath: (_worker, error) => {
    throw error;
  },
});
await engine.apply(
  changeOf(
    [serviceOf([Number(origin)], { readTimeout: 60_000 })],
    [listenerOf(Number(port), { headerTimeout: 30_000, idleTimeout: 30_000 })],
  ),
);
process.on('message', (question) => {
  process.send?.(question === 'log' ? Buffer.from(engine.readAccessLog() ?? []).toString() : engine.counters());
});
process.send?.('ready');
