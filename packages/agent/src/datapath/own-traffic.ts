import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';

/** The number at the upper end of listeners, which nothing else uses. */
const LISTENER = 8_191;
const LAST_PORT = 65_535;

/**
 * What this node itself asks of targets, such as health checks: the answers come from endpoints whose answers go to
 * clients under a VIP, and would be translated as well. So the node's own addresses are listeners whose packets are left to
 * the kernel. Listeners of load balancers on the same address have ports of their own, and go before them.
 */
export class OwnTraffic {
  readonly #datapath: Pick<Datapath, 'setListenerRange' | 'removeListenerRange'>;
  readonly #left: Set<string>;
  readonly #addresses = new Set<string>();

  /** `left`: addresses that an earlier process has seen to. */
  constructor(datapath: Pick<Datapath, 'setListenerRange' | 'removeListenerRange'>, left: readonly string[]) {
    this.#datapath = datapath;
    this.#left = new Set(left);
  }

  get addresses(): readonly string[] {
    return [...this.#addresses];
  }

  /** Sees to these addresses of the node, and no others. */
  set(addresses: readonly string[]): void {
    const settings = {
      number: LISTENER,
      service: 0,
      hashSeed: 0,
      idleSeconds: 0,
      mode: 'nat',
      affinity: 'flow',
      isNode: true,
    } as const;
    for (const address of [...this.#left, ...this.#addresses]) {
      if (addresses.includes(address)) continue;
      for (const range of rangesOf(address)) this.#datapath.removeListenerRange(range);
      this.#addresses.delete(address);
    }
    this.#left.clear();
    for (const address of addresses) {
      if (this.#addresses.has(address)) continue;
      for (const range of rangesOf(address)) this.#datapath.setListenerRange(range, settings);
      this.#addresses.add(address);
    }
  }
}

function rangesOf(address: string) {
  return (['tcp', 'udp'] as const).map((protocol) => ({ address, port: 0, lastPort: LAST_PORT, protocol }));
}
