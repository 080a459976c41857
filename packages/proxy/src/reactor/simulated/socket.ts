import { Closed, type Endpoint } from '../reactor.ts';
import type { Link } from './link.ts';
import type { SimulatedNetwork } from './network.ts';
import { Pipe, type PipeEnd } from './pipe.ts';

/** One end of a connection as the kernel has it; it outlives the reactor's connection until its bytes are delivered. */
export class Socket implements PipeEnd {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly link: Link;
  /** Why nothing can be sent or received any more; what had arrived can still be read. */
  error: Closed | null = null;
  /** Called when there may be something to read, room to write, or an error. */
  onWake: () => void = () => {};
  #out: Pipe | null = null;
  #in: Pipe | null = null;
  readonly #network: SimulatedNetwork;
  #gone = false;
  #peer: Socket | null = null;

  constructor(network: SimulatedNetwork, link: Link, local: Endpoint, remote: Endpoint) {
    this.#network = network;
    this.link = link;
    this.local = local;
    this.remote = remote;
  }

  /** Joins this socket's sending side to its peer's receiving side. */
  attach(peer: Socket): void {
    this.#peer = peer;
    this.#out = new Pipe(this.#network, this.link, this, peer);
    peer.#in = this.#out;
  }

  get out(): Pipe {
    return this.#out as Pipe;
  }

  get in(): Pipe {
    return this.#in as Pipe;
  }

  /** The peer has ended and everything it sent has been read. */
  get ended(): boolean {
    return this.in.finArrived && this.in.arrived === 0;
  }

  wake(): void {
    this.onWake();
  }

  refuse(): void {
    this.reset();
  }

  giveUp(): void {
    this.#fail(Closed.timedOut);
  }

  /** Delivers what is queued and FIN; like a kernel, resets when there is or comes something that nobody reads. */
  close(): void {
    if (this.#gone) return;
    const unread = this.in.arrived > 0;
    this.#leave();
    if (unread) this.#sendReset();
    else this.out.finish();
  }

  /** Throws away what is queued and resets. */
  reset(): void {
    this.#leave();
    this.#sendReset();
  }

  receiveReset(): void {
    if (this.#network.conditions.resetPurges) this.in.purge();
    this.#fail(Closed.reset);
  }

  #leave(): void {
    this.#gone = true;
    this.onWake = () => {};
    this.in.stopReading();
  }

  #sendReset(): void {
    const reaches = this.link.carries(0);
    this.out.kill();
    this.in.kill();
    if (reaches) this.#network.at(this.out.nextArrival(), () => this.#peer?.receiveReset());
  }

  #fail(reason: Closed): void {
    if (this.error !== null) return;
    this.error = reason;
    this.out.kill();
    this.in.kill();
    this.onWake();
  }
}
