import { BoundSocket } from 'node:net';
import { StartFailure } from './failure.ts';

/**
 * The socket of the API, bound here and nowhere accepted from: each control plane inherits it, and listens. From the first
 * one on it is listened on for as long as this process has it open, so whoever connects while no control plane runs waits
 * in the queue of the kernel for the next one.
 */
export class ApiSocket {
  readonly #host: string;
  #port: number;
  #bound: BoundSocket | null = null;

  /** @param port 0: any free one, and the same one from then on */
  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** What a process inherits; null: it is not open. */
  get descriptor(): number | null {
    return this.#bound?.fd() ?? null;
  }

  /** Returns the port. Throws a StartFailure when somebody else has it. */
  open(): number {
    if (this.#bound !== null) return this.#port;
    const [host, port] = [this.#host, this.#port];
    try {
      this.#bound = new BoundSocket({ host, port });
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new StartFailure(
        reason === 'EADDRINUSE'
          ? `port ${port} of ${host} is in use: stop what listens there, or choose another --port.`
          : `cannot listen on ${host} port ${port} (${reason}): choose another --host or --port.`,
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
