import { setTimeout } from 'node:timers/promises';
import { DELETIONS } from '@evenkeel/model/limits.ts';
import type { LoadBalancerVolume } from '@evenkeel/model/plan/query.ts';
import type { NodeQuestions } from '../nodes/questions.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import { hasOrKeeps } from '../placement/place.ts';
import type { Deletions } from '../resources/deletion-guard.ts';
import { RecentDeletions } from '../resources/recent-deletions.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import type { Store } from '../store/store.ts';
import { WatchedTraffic } from './watched-traffic.ts';

/** Looks between two writes. */
const LOOKS_PER_WRITE = 10;
/** Milliseconds from one node to the next while they are few, and from the first to the last however many there are. */
const STEP = 1_000;
const ROUND = 30_000;

export interface TrafficSources {
  readonly store: Pick<Store, 'state' | 'read' | 'record'>;
  readonly nodes: Pick<NodeRegistry, 'list' | 'isRevoked'>;
  readonly questions: Pick<NodeQuestions, 'ask'>;
}

/**
 * What is known of load balancers besides the configuration: what they carry, as the nodes say again and again, and which
 * were deleted lately. Of the control plane that leads.
 */
export class TrafficWatch implements Deletions {
  readonly recent = new RecentDeletions();
  readonly #watched = new WatchedTraffic(DELETIONS.seconds * 1_000);
  readonly #now: () => number;
  readonly #pause: (milliseconds: number) => Promise<unknown>;
  #sources: TrafficSources | null = null;
  #begun = false;
  #looks = 0;

  /** `now`: Unix milliseconds. `pause` resolves after so many. */
  constructor(
    now: () => number,
    pause = (milliseconds: number): Promise<unknown> => setTimeout(milliseconds, undefined, { ref: false }),
  ) {
    this.#now = now;
    this.#pause = pause;
  }

  /** Whom it asks. Until then, nothing is known. */
  watch(sources: TrafficSources): void {
    this.#sources = sources;
  }

  /** Another control plane looks from now on, or nobody. */
  end(): void {
    this.#begun = false;
  }

  /** Asks all nodes, one after the other within half a minute. Rejects when what is kept cannot be read or written. */
  async look(): Promise<void> {
    if (this.#sources === null) return;
    const { nodes, questions, store } = this.#sources;
    if (!this.#begun) {
      const row = await store.read((db) => db.selectFrom('watched_traffic').select('document').executeTakeFirst());
      this.#watched.begin(row?.document ?? null, this.#now());
      this.#begun = true;
    }
    const connected = nodes.list().filter(({ connectedAt }) => connectedAt !== null);
    // All at once, a thousand answers would come at the same moment, each full of load balancers.
    const step = Math.min(STEP, ROUND / connected.length);
    await Promise.all(
      connected.map(async (node, i) => {
        if (i > 0) await this.#pause(i * step);
        if (!this.#begun) return;
        // Who does not answer, or is too old to know the question, has said nothing; that counts as such.
        const answer: unknown = await questions.ask(node.id, 'volumes', {}).catch(() => null);
        const volumes = volumesIn(answer);
        if (volumes === null) return;
        const there = volumes.filter(({ loadBalancerId }) => store.state.loadBalancers.has(loadBalancerId));
        this.#watched.take(node, there, this.#now());
      }),
    );
    if (!this.#begun) return;
    const known = new Set(nodes.list().map(({ id }) => id));
    this.#watched.endRound(new Set(store.state.loadBalancers.keys()), known, this.#now());
    if (++this.#looks % LOOKS_PER_WRITE === 0) await this.save();
  }

  /** Writes what is known, also when the control plane stops. */
  async save(): Promise<void> {
    if (this.#sources === null || !this.#begun) return;
    const document = this.#watched.kept(this.#now());
    await this.#sources.store.record(async (trx) => {
      await trx
        .insertInto('watched_traffic')
        .values({ id: 1, document })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ document }))
        .execute();
    });
  }

  /** Bits per second, to or from clients, of the busiest minute lately; 0: none, or nobody knows. */
  readonly peakOf = (loadBalancerId: string): number => this.#watched.peakOf(loadBalancerId, this.#now());

  /** Since when a load balancer carries nothing, in Unix milliseconds; null: nobody knows that it does. */
  readonly quietSince = (loadBalancer: LoadBalancerRecord): number | null => {
    if (this.#sources === null || !this.#begun) return null;
    const { nodes, store } = this.#sources;
    const having = nodes
      .list()
      .filter((node) => !nodes.isRevoked(node.id) && hasOrKeeps(store.state, loadBalancer, node))
      .map(({ id }) => id);
    return this.#watched.quietSince(loadBalancer.id, having, this.#now());
  };
}

/** What a node has answered, as far as it makes sense; null: it does not. */
function volumesIn(answer: unknown): LoadBalancerVolume[] | null {
  const list = isRecord(answer) ? answer['loadBalancers'] : null;
  return Array.isArray(list) && list.every(isVolume) ? list : null;
}

function isVolume(value: unknown): value is LoadBalancerVolume {
  return (
    isRecord(value) &&
    typeof value['loadBalancerId'] === 'string' &&
    [value['connections'], value['bytesReceived'], value['bytesSent']].every(isCount)
  );
}

/** Bytes may be more than what numbers count one by one. */
function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
