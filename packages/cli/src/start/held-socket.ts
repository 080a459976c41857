import { BoundSocket } from 'node:net';
import { StartFailure } from './failure.ts';
import type { StartOptions } from './options.ts';

/** Where a socket is, and what to change when it cannot be had. */
export interface SocketPlace {
  readonly host: string;
  /** 0: any free one, and the same one from then on. */
  readonly port: number;
  /** What tells a process the descriptor by which it inherits the socket. */
  readonly variable: string;
  /** What sets the port, and what sets the whole place. */
  readonly setBy: { readonly port: string; readonly place: string };
}

/** That of the API. */
export function apiSocket(host: string, port: number): HeldSocket {
  return new HeldSocket({
    ...{ host, port, variable: 'EVENKEEL_API_SOCKET' },
    setBy: { port: '--port', place: '--host or --port' },
  });
}

/** That of the metrics of the control plane, where they are not with the API. */
export function metricsSocket({ host, port }: { readonly host: string; readonly port: number }): HeldSocket {
  const setBy = { port: 'EVENKEEL_CONTROL_METRICS', place: 'EVENKEEL_CONTROL_METRICS' };
  return new HeldSocket({ host, port, variable: 'EVENKEEL_METRICS_SOCKET', setBy });
}

/** Throws a StartFailure when the node agent could not serve its metrics: before anything begins. */
export function checkAgentMetrics({ metricsHost: host, metricsPort: port }: StartOptions): void {
  const setBy = { port: '--metrics-port', place: '--metrics-host or --metrics-port' };
  const socket = new HeldSocket({ host, port, variable: '', setBy });
  socket.open();
  socket.close();
}

/**
 * A socket of the control plane, bound here and nowhere accepted from: each control plane inherits it, and listens. From
 * the first one on it is listened on for as long as this process has it open, so whoever connects while no control plane
 * runs waits in the queue of the kernel for the next one.
 */
export class HeldSocket {
  readonly #place: SocketPlace;
  #port: number;
  #bound: BoundSocket | null = null;

  constructor(place: SocketPlace) {
    this.#place = place;
    this.#port = place.port;
  }

  get variable(): string {
    return this.#place.variable;
  }

  /** What a process inherits; null: it is not open. */
  get descriptor(): number | null {
    return this.#bound?.fd() ?? null;
  }

  /** Returns the port. Throws a StartFailure when somebody else has it. */
  open(): number {
    if (this.#bound !== null) return this.#port;
    const { host, setBy } = this.#place;
    const port = this.#port;
    try {
      this.#bound = new BoundSocket({ host, port });
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new StartFailure(
        reason === 'EADDRINUSE'
          ? `port ${port} of ${host} is in use: stop what listens there, or choose another ${setBy.port}.`
          : `cannot listen on ${host} port ${port} (${reason}): choose another ${setBy.place}.`,
      );
    }
    this.#port = this.#bound.address().port;
    return this.#port;
  }

  /** Who connects from now on is refused, unless a control plane still listens; who waits in the queue is reset with it. */
  close(): void {
    this.#bound?.close();
    this.#bound = null;
  }
}
