import { whyNotTransparent } from '../reactor/ffi/sockets.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import { probeByBinding } from './address-probe.ts';
import type { EngineOptions, ProxyEngine } from './engine.ts';
import { WorkerEngine } from './proxy-engine.ts';
import { Tables } from './tables.ts';
import { Transparency } from './transparency.ts';
import { WorkerSeat } from './worker-seat.ts';

export interface CreateEngineOptions extends EngineOptions {
  /** Tells of a worker that died (its connections are lost) and is being replaced. */
  readonly onWorkerDeath?: (worker: number, error: Error) => void;
}

/** Starts the workers. Rejects when the reactor that is asked for cannot run here. */
export async function createEngine(options: CreateEngineOptions): Promise<ProxyEngine> {
  const counters = new SharedCounters(options.workers);
  const tables = new Tables(counters, Math.random);
  const seats = Array.from(
    { length: options.workers },
    (_, index) =>
      new WorkerSeat({
        index,
        reactor: options.reactor,
        tables,
        counters,
        onDeath: options.onWorkerDeath ?? (() => undefined),
      }),
  );
  const [ready] = await Promise.all(seats.map((seat) => seat.start()));
  const transparency = new Transparency(tables, whyNotTransparent);
  if (ready === undefined) throw new RangeError('an engine needs at least one worker');
  return new WorkerEngine(tables, counters, seats, probeByBinding, transparency, ready.reactor, ready.reason);
}
