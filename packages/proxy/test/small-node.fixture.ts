import { createEngine } from '../src/engine/create.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** An engine with one worker: arguments are the reactor, the port of its listener and that of its target. */
const [reactor, port, origin] = process.argv.slice(2);
const engine = await createEngine({ workers: 1, reactor: reactor === 'uring' ? 'uring' : 'portable' });
await engine.apply(
  changeOf([serviceOf([Number(origin)])], [listenerOf(Number(port), { headerTimeout: 30_000, idleTimeout: 30_000 })]),
);
process.on('message', () => process.send?.(engine.counters()));
process.send?.('ready');
