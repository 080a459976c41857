import type { Endpoint, ListenError } from '../reactor.ts';
import type { SimulatedDatagramSocket } from './datagram-socket.ts';
import type { SimulatedNetwork } from './network.ts';
import type { SimulatedReactor } from './simulated-reactor.ts';

/** Of datagrams in a network that loses connections, these shares are lost, come twice, and overtake others. */
const LOST = 0.02;
const TWICE = 0.02;

/** Datagrams between hosts: each takes its own time, so that they overtake each other, and in a bad network some get lost. */
export class SimulatedDatagrams {
  readonly #network: SimulatedNetwork;
  readonly #bound = new Map<string, SimulatedDatagramSocket[]>();

  constructor(network: SimulatedNetwork) {
    this.#network = network;
  }

  /** Binds a socket, or says why not. */
  bind(socket: SimulatedDatagramSocket): ListenError | null {
    const { local, remote, reusePort } = socket.options;
    const own = remote === null ? null : this.#network.localEndpoint(socket.reactor, remote);
    const address = local?.address ?? own?.address ?? socket.reactor.address;
    const asked = local?.port ?? 0;
    const port = asked === 0 ? this.#network.nextEphemeral() : asked;
    const others = this.#bound.get(keyOf({ address, port })) ?? [];
    if (others.length > 0 && !(reusePort && others.every((other) => other.options.reusePort))) {
      return { code: 'EADDRINUSE', message: `${address}:${port} is in use` };
    }
    this.#bound.set(keyOf({ address, port }), [...others, socket]);
    socket.local = { address, port };
    return null;
  }

  unbind(socket: SimulatedDatagramSocket): void {
    const key = keyOf(socket.local);
    const rest = (this.#bound.get(key) ?? []).filter((other) => other !== socket);
    if (rest.length > 0) this.#bound.set(key, rest);
    else this.#bound.delete(key);
  }

  carry(from: SimulatedDatagramSocket, to: Endpoint, bytes: Uint8Array): void {
    const { random, conditions } = this.#network;
    const isLossy = conditions.faults.lost > 0;
    const copies = isLossy && random.chance(LOST) ? 0 : isLossy && random.chance(TWICE) ? 2 : 1;
    const sender = from.local;
    for (let copy = 0; copy < copies; copy++) {
      this.#network.after(random.real(conditions.latency), () => {
        const found = this.#bound.get(keyOf(to));
        if (found !== undefined) {
          const socket = found[hashOf(sender) % found.length]!;
          this.later(socket.reactor, () => socket.take(sender, bytes));
        } else {
          this.#network.after(random.real(conditions.latency), () => this.later(from.reactor, () => from.refused()));
        }
      });
    }
  }

  /** In a turn of the reactor. */
  later(reactor: SimulatedReactor, act: () => void): void {
    reactor.inNextTurn(act);
  }
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}

/** The same sender comes to the same of several sockets. */
function hashOf({ port }: Endpoint): number {
  return port;
}
