import type { Endpoint } from '../reactor.ts';
import type { SimulatedNetwork } from './network.ts';
import { Socket } from './socket.ts';

/** An established connection between two hosts: two sockets and what befalls them. */
export class Link {
  readonly id: number;
  readonly client: Socket;
  readonly server: Socket;
  readonly #network: SimulatedNetwork;
  #state: 'up' | 'silent' | 'broken' = 'up';
  /** Bytes that still pass, both directions together, until `#fate` befalls the link. */
  #bytesLeft = Infinity;
  #fate: 'reset' | 'silence' | null = null;

  constructor(network: SimulatedNetwork, id: number, local: Endpoint, remote: Endpoint) {
    this.id = id;
    this.#network = network;
    this.client = new Socket(network, this, local, remote);
    this.server = new Socket(network, this, remote, local);
    this.client.attach(this.server);
    this.server.attach(this.client);
    this.#drawFate();
  }

  /** Counts bytes about to go over the wire; false when they do not. */
  carries(bytes: number): boolean {
    this.#bytesLeft -= bytes;
    if (this.#state === 'up' && this.#fate !== null && this.#bytesLeft <= 0) this.#befall();
    return this.#state === 'up';
  }

  /** Breaks the link now, as a router that resets both sides does. */
  reset(): void {
    if (this.#state !== 'up') return;
    this.#state = 'broken';
    this.#network.countFault('reset');
    this.#network.trace?.(`link ${this.id} is reset`);
    this.client.out.kill();
    this.server.out.kill();
    this.#network.at(this.server.out.nextArrival(), () => this.client.receiveReset());
    this.#network.at(this.client.out.nextArrival(), () => this.server.receiveReset());
  }

  /** Lets nothing through from now on, and tells nobody. */
  silence(): void {
    if (this.#state !== 'up') return;
    this.#state = 'silent';
    this.#network.countFault('silence');
    this.#network.trace?.(`link ${this.id} falls silent`);
    this.client.out.pump();
    this.server.out.pump();
  }

  #befall(): void {
    if (this.#fate === 'reset') this.reset();
    else this.silence();
  }

  #drawFate(): void {
    const { random, conditions } = this.#network;
    const { reset, silence } = conditions.faults;
    if (reset + silence === 0) return;
    const drawn = random.fraction();
    if (drawn >= reset + silence) return;
    this.#fate = drawn < reset ? 'reset' : 'silence';
    if (random.chance(0.7)) this.#bytesLeft = random.between(1, random.pick([64, 1024, 32 * 1024]));
    else this.#network.after(random.real([0, random.pick([1, 50, 2000])]), () => this.#befall());
  }
}
