import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import { firstGeneration } from '@evenkeel/flow/maglev/generations.ts';
import { buildSlots } from '@evenkeel/flow/maglev/slots.ts';
import { localPorts, ownAddresses } from './routes.ts';

/** Numbers at the upper end, which nothing else uses: of the listener, of services from here down, and of targets. */
const LISTENER = 8_191;
const FIRST_SERVICE = 4_095;
const FIRST_TARGET = 32_767;
/** Addresses of a node that are seen to. */
const MOST = 16;
const IDLE_SECONDS = 60;

/**
 * What this node itself asks of targets, such as health checks: the answers come from endpoints whose answers go to
 * clients under a VIP, and would be translated as well. So the ports from which this node connects are listeners of
 * their own, with the node as the one target: a packet to them is translated to what it is, and passes.
 */
export class OwnTraffic {
  readonly #datapath: Datapath;

  constructor(datapath: Datapath) {
    this.#datapath = datapath;
  }

  /** Sees to all addresses that the node has now. */
  set(): void {
    const { first, last } = localPorts();
    for (const [i, address] of ownAddresses().slice(0, MOST).entries()) {
      const [service, number] = [FIRST_SERVICE - i, FIRST_TARGET - i];
      this.#datapath.setTarget(number, { address, port: null, tunnelSource: null, nextHop: null, gone: false });
      void this.#datapath.swapTable(service, firstGeneration(buildSlots([{ name: address, number, weight: 1 }])));
      const settings = {
        number: LISTENER,
        service,
        hashSeed: 0,
        idleSeconds: IDLE_SECONDS,
        mode: 'nat',
        affinity: 'source',
      } as const;
      for (const protocol of ['tcp', 'udp'] as const) {
        this.#datapath.setListenerRange({ address, port: first, lastPort: last, protocol }, settings);
      }
    }
  }
}
