import type { Pacer } from '../reactor/pacer.ts';
import type { Arrival, Connection } from '../reactor/reactor.ts';

/** What a connection that lies on another one takes from it as it is: who its ends are, its deadline, what has arrived. */
export abstract class ConnectionAbove {
  /** The connection beneath. */
  protected abstract readonly raw: Connection;

  /** In bytes of the connection beneath, records and handshake included. */
  get pacer(): Pacer | null {
    return this.raw.pacer;
  }

  set pacer(pacer: Pacer | null) {
    this.raw.pacer = pacer;
  }

  get heldBack(): number {
    return this.raw.heldBack;
  }

  get isSated(): boolean {
    return this.raw.isSated;
  }

  get remoteAddress(): string {
    return this.raw.remoteAddress;
  }

  get remotePort(): number {
    return this.raw.remotePort;
  }

  get localAddress(): string {
    return this.raw.localAddress;
  }

  get localPort(): number {
    return this.raw.localPort;
  }

  roundTrip(): number {
    return this.raw.roundTrip();
  }

  /** In bytes of the connection beneath: of what is sent here, none has arrived before its first record has. */
  get handedOver(): number {
    return this.raw.handedOver;
  }

  arrivalBehind(mark: number): Arrival {
    return this.raw.arrivalBehind(mark);
  }

  setDeadline(at: number): void {
    this.raw.setDeadline(at);
  }
}
