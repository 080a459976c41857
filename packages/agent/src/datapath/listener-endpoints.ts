import { listKey } from '@evenkeel/flow/datapath/blocked-sources.ts';
import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { Protocol } from '@evenkeel/flow/datapath/layout.ts';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import type { KernelListener } from './kernel-record.ts';
import { limitsOf } from './listener-limits.ts';
import { seedOf } from './service-tables.ts';

type Endpoints = Pick<KernelListener, 'addresses' | 'port' | 'lastPort' | 'protocols'>;

/** What is written down with each endpoint of a listener. */
export interface EndpointSettings {
  readonly planned: PlannedListener;
  readonly service: EngineService;
  /** The number of its service. */
  readonly tableNumber: number;
  /** Numbers of gates. */
  readonly gateOf: Readonly<Record<Protocol, number>>;
}

/** Addresses and ports of listeners in the kernel, and the VIPs, which several listeners may have in common. */
export class ListenerEndpoints {
  readonly #datapath: Datapath;
  readonly #listeners: () => Iterable<KernelListener>;

  /** `listeners`: all that are there, which the VIPs are for. */
  constructor(datapath: Datapath, listeners: () => Iterable<KernelListener>) {
    this.#datapath = datapath;
    this.#listeners = listeners;
  }

  /** Puts those of a listener in the place of those that it has had. */
  replace(before: KernelListener | null, now: KernelListener, settings: EndpointSettings): void {
    // Prefixes of two ranges may be the same ones, so the former range goes first; of single ports the new one is there first.
    const moved = before !== null && !sameEndpoints(before, now) ? before : null;
    if (moved !== null && moved.lastPort !== null) this.remove(moved);
    if (before === null) this.#datapath.forgetFlood(now.number);
    this.#write(now, settings);
    if (moved !== null && moved.lastPort === null) this.remove(moved, now);
    for (const address of now.addresses) this.#datapath.addVip(address);
  }

  /** But for those that `kept` has as well. VIPs stay that another listener has. */
  remove(listener: KernelListener, kept: Endpoints | null = null): void {
    const { addresses, port, lastPort, protocols } = listener;
    for (const address of addresses) {
      const isKept = kept !== null && kept.lastPort === null && kept.port === port && kept.addresses.includes(address);
      for (const protocol of protocols) {
        if (lastPort !== null) this.#datapath.removeListenerRange({ address, port, lastPort, protocol });
        else if (!isKept) this.#datapath.removeListener({ address, port, protocol });
      }
      const isUsed = [...this.#listeners()].some((other) => other !== listener && other.addresses.includes(address));
      if (!isUsed) this.#datapath.removeVip(address);
    }
  }

  #write(
    { number, addresses, port, lastPort, protocols }: KernelListener,
    { planned, service, tableNumber, gateOf }: EndpointSettings,
  ): void {
    const limits = limitsOf(planned);
    // In force before the listener names them.
    this.#datapath.setLimits(number, limits);
    const settings = {
      number,
      service: tableNumber,
      hashSeed: seedOf(service.service.id),
      idleSeconds: Math.ceil(planned.idleTimeout / 1_000),
      mode: service.service.forwardingMode ?? 'nat',
      affinity: isBySource(service) ? 'source' : 'flow',
      persistence: persistenceOf(service),
      limited: limits !== null,
      blockList: listKey(planned.tenantId ?? DEFAULT_TENANT.id),
    } as const;
    for (const protocol of protocols) {
      for (const address of addresses) {
        const own = { ...settings, gate: gateOf[protocol] };
        if (lastPort === null) this.#datapath.setListener({ address, port, protocol }, own);
        else this.#datapath.setListenerRange({ address, port, lastPort, protocol }, own);
      }
    }
  }
}

export function sameEndpoints(a: Endpoints, b: Endpoints): boolean {
  return a.addresses.join() === b.addresses.join() && a.port === b.port && a.lastPort === b.lastPort;
}

function isBySource({ service }: EngineService): boolean {
  return service.algorithm === 'source-ip' || service.stickiness?.type === 'source-ip';
}

/** Seconds for which a client is kept at a target that it has had; 0: by the table alone. */
function persistenceOf({ service: { stickiness } }: EngineService): number {
  return stickiness?.type === 'source-ip' ? Math.ceil(stickiness.timeout / 1_000) : 0;
}
