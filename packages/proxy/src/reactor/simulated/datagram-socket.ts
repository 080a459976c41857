import {
  DATAGRAM_HEADROOM,
  type DatagramHandler,
  type DatagramOptions,
  type DatagramPeer,
  type DatagramSocket,
} from '../datagram.ts';
import type { Endpoint } from '../reactor.ts';
import type { SimulatedDatagrams } from './datagrams.ts';
import type { SimulatedReactor } from './simulated-reactor.ts';

export class SimulatedPeer implements DatagramPeer {
  readonly address: string;
  readonly port: number;

  constructor({ address, port }: Endpoint) {
    this.address = address;
    this.port = port;
  }

  get key(): string {
    return `${this.address} ${this.port}`;
  }

  keep(): DatagramPeer {
    return this;
  }
}

/** A datagram socket on the simulated network. */
export class SimulatedDatagramSocket implements DatagramSocket {
  local: Endpoint = { address: '', port: 0 };
  readonly options: DatagramOptions;
  readonly reactor: SimulatedReactor;
  closed = false;
  readonly #handler: DatagramHandler;
  readonly #datagrams: SimulatedDatagrams;

  constructor(
    reactor: SimulatedReactor,
    datagrams: SimulatedDatagrams,
    options: DatagramOptions,
    handler: DatagramHandler,
  ) {
    this.reactor = reactor;
    this.options = options;
    this.#datagrams = datagrams;
    this.#handler = handler;
    const error = datagrams.bind(this);
    datagrams.later(reactor, () => {
      if (this.closed) return;
      if (error === null) handler.onOpen(this);
      else {
        this.close();
        handler.onFailed(this, error);
      }
    });
  }

  send(start: number, end: number, to: DatagramPeer | null): boolean {
    const remote = to ?? this.options.remote;
    if (this.closed || remote === null || this.local.port === 0) return false;
    this.#datagrams.carry(this, remote, this.reactor.datagramMemory.slice(start, end));
    return true;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#datagrams.unbind(this);
    this.reactor.forgetDatagrams(this);
  }

  /** A datagram has arrived; from others than the remote, nothing is taken. */
  take(from: Endpoint, bytes: Uint8Array): void {
    const { remote } = this.options;
    if (this.closed || (remote !== null && (remote.address !== from.address || remote.port !== from.port))) return;
    this.reactor.datagramMemory.set(bytes, DATAGRAM_HEADROOM);
    this.#handler.onDatagram(this, new SimulatedPeer(from), DATAGRAM_HEADROOM, DATAGRAM_HEADROOM + bytes.length);
  }

  /** Nobody receives where it has sent to (ICMP port unreachable). */
  refused(): void {
    if (!this.closed && this.options.remote !== null) this.#handler.onError(this, 'ECONNREFUSED');
  }
}
