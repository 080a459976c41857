import { listKey } from '@evenkeel/flow/datapath/blocked-sources.ts';
import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { Protocol } from '@evenkeel/flow/datapath/layout.ts';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { kernelModeOf } from './kernel-mode.ts';
import { type KernelListener, sameEndpoints } from './kernel-record.ts';
import { limitsOf } from './listener-limits.ts';
import { seedOf } from './service-tables.ts';

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

  /** `listeners`: all that are there, or are being put there. */
  constructor(datapath: Datapath, listeners: () => Iterable<KernelListener>) {
    this.#datapath = datapath;
    this.#listeners = listeners;
  }

  /** Puts those of a listener in the place of those that it has had. */
  replace(before: KernelListener | null, now: KernelListener, settings: EndpointSettings): void {
    if (before === null) this.#datapath.forgetFlood(now.number);
    for (const address of now.addresses) this.#datapath.addVip(address, true);
    this.#write(now, settings);
    if (before !== null && !sameEndpoints(before, now)) this.remove(before);
  }

  /**
   * But for endpoints and VIPs that another one has, be it the same listener as it is now: whoever takes an endpoint over is
   * written before the one that leaves it goes.
   */
  remove(listener: KernelListener): void {
    const { addresses, port, lastPort, protocols } = listener;
    const others = [...this.#listeners()].filter((other) => other !== listener);
    for (const address of addresses) {
      const there = others.filter((other) => other.addresses.includes(address));
      for (const protocol of protocols) {
        const same = there.filter((other) => other.protocols.includes(protocol));
        if (lastPort !== null) {
          this.#datapath.removeListenerRange({ address, port, lastPort, protocol }, rangesOf(same));
        } else if (!same.some((other) => other.lastPort === null && other.port === port)) {
          this.#datapath.removeListener({ address, port, protocol });
        }
      }
      if (there.length === 0) this.#datapath.removeVip(address);
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
      hidesClients: kernelModeOf(service.service) === 'source-nat',
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

function rangesOf(listeners: readonly KernelListener[]): { readonly port: number; readonly lastPort: number }[] {
  return listeners.flatMap(({ port, lastPort }) => (lastPort === null ? [] : [{ port, lastPort }]));
}

function isBySource({ service }: EngineService): boolean {
  return service.algorithm === 'source-ip' || service.stickiness?.type === 'source-ip';
}

/** Seconds for which a client is kept at a target that it has had; 0: by the table alone. */
function persistenceOf({ service: { stickiness } }: EngineService): number {
  return stickiness?.type === 'source-ip' ? Math.ceil(stickiness.timeout / 1_000) : 0;
}
