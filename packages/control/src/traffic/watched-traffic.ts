import type { LoadBalancerVolume } from '@evenkeel/model/plan/query.ts';

/** Milliseconds that nobody may have looked: what was not seen meanwhile is no more than that. */
export const GAP = 3_600_000;
/** Milliseconds after which what a node has said is too old to tell that there is no traffic. */
const STALE = 600_000;

interface NodeCounts {
  readonly at: number;
  readonly counted: ReadonlyMap<string, LoadBalancerVolume>;
}

/** How long a node has been asked without a gap. */
interface Sight {
  /** 0: since it is a node. */
  readonly since: number;
  readonly until: number;
}

interface Rate {
  readonly at: number;
  /** Bits per second. */
  readonly bits: number;
}

/** As it is kept on the disk. */
interface Kept {
  /** When it was written. */
  readonly until: number;
  readonly quietSince: readonly (readonly [loadBalancerId: string, since: number])[];
  /** Absent in what older versions have kept. */
  readonly nodes?: readonly (readonly [node: string, since: number, until: number])[];
}

export interface AskedNode {
  readonly id: string;
  /** When it came for the first time. */
  readonly firstSeenAt: number;
}

/**
 * Since when load balancers carry nothing, and how much they carried lately: the differences of what nodes count, asked
 * again and again. Times are Unix milliseconds.
 */
export class WatchedTraffic {
  readonly #window: number;
  /** When this process began to look. */
  #since = 0;
  /** By load balancer: when there was traffic last, or when somebody began to look. */
  #quietSince = new Map<string, number>();
  readonly #nodes = new Map<string, NodeCounts>();
  #sights = new Map<string, Sight>();
  /** Bytes per millisecond of the round under way, of all nodes. */
  readonly #round = new Map<string, { received: number; sent: number }>();
  readonly #rates = new Map<string, readonly Rate[]>();

  /** `window`: milliseconds that rates are kept. */
  constructor(window: number) {
    this.#window = window;
  }

  /** Begins with what was kept; null: nothing was. When nobody has looked for long, there may have been any traffic. */
  begin(text: string | null, now: number): void {
    const kept = text === null ? null : (JSON.parse(text) as Kept);
    this.#since = now;
    this.#nodes.clear();
    this.#round.clear();
    this.#rates.clear();
    const isRecent = kept !== null && now - kept.until <= GAP;
    this.#quietSince = new Map(isRecent ? kept.quietSince : []);
    const nodes = isRecent ? (kept.nodes ?? []) : [];
    this.#sights = new Map(nodes.map(([id, since, until]) => [id, { since, until }]));
  }

  kept(now: number): string {
    const nodes = Array.from(this.#sights, ([id, { since, until }]) => [id, since, until] as const);
    return JSON.stringify({ until: now, quietSince: [...this.#quietSince], nodes } satisfies Kept);
  }

  /** What a node has counted so far, of all load balancers that have carried anything there. */
  take({ id: node, firstSeenAt }: AskedNode, volumes: readonly LoadBalancerVolume[], now: number): void {
    const before = this.#nodes.get(node);
    const sight = this.#sights.get(node);
    // It may have served all the while, and have started anew since: what it had counted then is gone.
    const isGap = now - (sight?.until ?? firstSeenAt) > GAP;
    this.#sights.set(node, { since: isGap ? now : (sight?.since ?? 0), until: now });
    const counted = new Map(volumes.map((volume) => [volume.loadBalancerId, volume]));
    this.#nodes.set(node, { at: now, counted });
    for (const [id, volume] of counted) {
      // What a node had counted when it was asked first may be old, but for one that was out of sight.
      if (before === undefined && now - this.#since <= GAP) continue;
      const last = before?.counted.get(id);
      if (last !== undefined && isSame(last, volume)) continue;
      this.#quietSince.set(id, now);
      if (before !== undefined) this.#add(id, last, volume, now - before.at);
    }
  }

  /** All nodes were asked. `loadBalancers` and `nodes` are those that there are; what is kept of others is forgotten. */
  endRound(loadBalancers: ReadonlySet<string>, nodes: ReadonlySet<string>, now: number): void {
    for (const id of loadBalancers) if (!this.#quietSince.has(id)) this.#quietSince.set(id, now);
    for (const id of this.#quietSince.keys()) if (!loadBalancers.has(id)) this.#quietSince.delete(id);
    for (const id of this.#nodes.keys()) if (!nodes.has(id)) this.#nodes.delete(id);
    for (const id of this.#sights.keys()) if (!nodes.has(id)) this.#sights.delete(id);
    for (const id of new Set([...this.#rates.keys(), ...this.#round.keys()])) {
      const rates = (this.#rates.get(id) ?? []).filter(({ at }) => now - at < this.#window);
      const sum = this.#round.get(id);
      const next = sum === undefined ? rates : [...rates, { at: now, bits: Math.max(sum.received, sum.sent) * 8_000 }];
      if (next.length === 0 || !loadBalancers.has(id)) this.#rates.delete(id);
      else this.#rates.set(id, next);
    }
    this.#round.clear();
  }

  /** Bits per second between two looks at its busiest, to or from clients; 0: none, or nobody knows. */
  peakOf(loadBalancerId: string, now: number): number {
    const rates = this.#rates.get(loadBalancerId) ?? [];
    return Math.max(0, ...rates.filter(({ at }) => now - at < this.#window).map(({ bits }) => bits));
  }

  /**
   * Since when a load balancer carries nothing, as far back as all of the nodes that have it were asked without a gap;
   * null: not all of them have said so lately.
   */
  quietSince(loadBalancerId: string, nodes: readonly string[], now: number): number | null {
    const isKnown = (node: string) => now - (this.#nodes.get(node)?.at ?? -STALE) < STALE;
    const since = this.#quietSince.get(loadBalancerId);
    if (since === undefined || nodes.length === 0 || !nodes.every(isKnown)) return null;
    return nodes.reduce((latest, node) => Math.max(latest, this.#sights.get(node)?.since ?? now), since);
  }

  #add(id: string, last: LoadBalancerVolume | undefined, volume: LoadBalancerVolume, milliseconds: number): void {
    const received = volume.bytesReceived - (last?.bytesReceived ?? 0);
    const sent = volume.bytesSent - (last?.bytesSent ?? 0);
    // Less than before: the node has started anew, or a listener has gone, and nobody knows how much it was.
    if (milliseconds <= 0 || received < 0 || sent < 0) return;
    const sum = this.#round.get(id) ?? { received: 0, sent: 0 };
    this.#round.set(id, { received: sum.received + received / milliseconds, sent: sum.sent + sent / milliseconds });
  }
}

function isSame(a: LoadBalancerVolume, b: LoadBalancerVolume): boolean {
  return a.connections === b.connections && a.bytesReceived === b.bytesReceived && a.bytesSent === b.bytesSent;
}
