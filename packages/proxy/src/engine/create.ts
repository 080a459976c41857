import { whyNotTransparent } from '../reactor/ffi/sockets.ts';
import { ListenerSockets } from '../sockets/listener-sockets.ts';
import { SocketHold } from '../sockets/socket-hold.ts';
import { systemCalls } from '../sockets/system-calls.ts';
import type { TargetStanding } from '../standing/standing.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import type { CertificateFailure } from '../tls/listener-tls.ts';
import { probeByBinding } from './address-probe.ts';
import type { EngineOptions, ProxyEngine } from './engine.ts';
import { WorkerEngine } from './proxy-engine.ts';
import { SYSTEM_CLOCK, Tables } from './tables.ts';
import { Transparency } from './transparency.ts';
import { WorkerSeat } from './worker-seat.ts';

export interface CreateEngineOptions extends EngineOptions {
  /** Tells of a worker that died (its connections are lost) and is being replaced. */
  readonly onWorkerDeath?: (worker: number, error: Error) => void;
  /** Tells of a worker that hangs in a way that only the end of this process can end. */
  readonly onWorkerStuck?: (worker: number) => void;
  /**
   * Tells of certificates that turned out to be no good when a client first asked for their name. It may be told the same
   * by every worker.
   */
  readonly onCertificateFailure?: (failure: CertificateFailure) => void;
  /** Two ends of a Unix socket pair that somebody else keeps open: listening sockets outlive this process in them. */
  readonly hold?: readonly [number, number];
  /** Told when not all listening sockets can be held: the system's name of the error. */
  readonly onUnheld?: (code: string) => void;
  /** Tells of a target that was ejected, is back, starts slowly or has its whole share, on this node. */
  readonly onStanding?: (standing: TargetStanding) => void;
}

/** Starts the workers. Rejects when the reactor that is asked for cannot run here. */
export async function createEngine(options: CreateEngineOptions): Promise<ProxyEngine> {
  const counters = new SharedCounters(options.workers);
  const sockets = new ListenerSockets({
    workers: options.workers,
    probe: probeByBinding,
    calls: systemCalls,
    hold: options.hold === undefined ? null : new SocketHold(...options.hold),
    onUnheld: options.onUnheld ?? (() => undefined),
  });
  const tables = new Tables(counters, Math.random, (planned) => sockets.of(planned), {
    clock: SYSTEM_CLOCK,
    onChange: options.onStanding ?? (() => undefined),
  });
  const seats = Array.from(
    { length: options.workers },
    (_, index) =>
      new WorkerSeat({
        index,
        workers: options.workers,
        reactor: options.reactor,
        ...(options.buffers === undefined ? {} : { buffers: options.buffers }),
        tables,
        counters,
        onDeath: options.onWorkerDeath ?? (() => undefined),
        onStuck: options.onWorkerStuck ?? (() => undefined),
        onCertificateFailure: options.onCertificateFailure ?? (() => undefined),
      }),
  );
  const [ready] = await Promise.all(seats.map((seat) => seat.start()));
  const transparency = new Transparency(tables, whyNotTransparent);
  if (ready === undefined) throw new RangeError('an engine needs at least one worker');
  return new WorkerEngine(tables, counters, seats, sockets, transparency, ready.reactor, ready.reason);
}
