import type { NodeDrainage } from '@evenkeel/model/resources/placement.ts';
import { NODE_TAKE_OVER } from '@evenkeel/model/zones.ts';
import type { LastingOperations } from '../nodes/operations.ts';
import type { Draft } from '../state/draft.ts';
import type { NodeDutyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { OperationRecord, Refused } from '../store/history.ts';
import type { Store } from '../store/store.ts';
import { drainageOf, notTakenOver } from './drainage.ts';
import type { PresentNode } from './handover.ts';
import type { Placement } from './placement.ts';
import { type NodeSource, presentNodes } from './presence.ts';
import { settled, wantsNumbers, withoutFinished } from './settle.ts';

/** Milliseconds. */
const TICK = 1_000;
/** What a node has that never came. */
const UNSEEN = { connectedAt: null, appliedGeneration: 0, connections: null, kernelFlows: null };

export interface PlacementKeeperOptions {
  readonly store: Pick<Store, 'state' | 'write'>;
  readonly nodes: NodeSource;
  /** Whether a node may come, though none of that name ever has. */
  readonly hasJoined: (node: string) => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Something about nodes that are drained may have changed. */
  readonly draining: () => void;
  /** Told of a change of placement that could not be written; it is tried again at the next look. */
  readonly failed: (error: unknown) => void;
}

/**
 * Keeps placement as the nodes are: who has gone is replaced, who has come takes its share, and a handover ends when it
 * was acknowledged. Looks whenever something about nodes has changed, and now and then. For the control plane that leads.
 */
export class PlacementKeeper implements LastingOperations {
  readonly #options: PlacementKeeperOptions;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #looking = false;
  /** Something was said while a placement was being written. */
  #again = false;

  constructor(options: PlacementKeeperOptions) {
    this.#options = options;
  }

  /** For the metrics. */
  readonly observed = {
    nodesCordoned: () => this.#count('cordoned'),
    nodesDrained: () => this.#count('drained'),
    handovers: () => this.#options.store.state.placement.handovers.size,
  };

  /** From now on this control plane leads. */
  begin(): void {
    this.#timer ??= setInterval(() => this.tick(), TICK).unref();
    this.look();
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** The state after a change of the configuration, with load balancers placed; for `Store.placeBy`. */
  readonly place = (base: State, next: State): State => {
    if (next === base) return next;
    const placement = settled(base, next, this.#present(next), next.generation);
    return placement === next.placement ? next : { ...next, placement };
  };

  /** What changes with time alone: that nodes are gone for good, and deadlines. */
  tick(): void {
    this.look();
    if (this.#options.store.state.duties.size > 0) this.#options.draining();
  }

  /** Whether it is a drain that is still under way. What nobody takes over is waited for until the deadline. */
  isUnfinished(operation: OperationRecord): boolean {
    const drainage = this.drainageBy(operation);
    if (drainage === null || drainage.state === 'drained') return false;
    const isHeldUp = drainage.state === 'moving' && drainage.waitsFor.length > 0;
    const deadline = Math.max(Date.parse(drainage.deadline), this.#timeToCome(Date.parse(drainage.since)));
    return !isHeldUp || this.#options.now() < deadline;
  }

  /** Until when the drain that it has begun waits for other nodes; null: it is none, or another has come after it. */
  deadlineOf({ action, resources, generation }: OperationRecord): number | null {
    const record = action === 'drainNode' ? this.#options.store.state.duties.get(resources[0]?.id ?? '') : undefined;
    if (record?.drain == null || record.generation !== generation) return null;
    const { since, seconds } = record.drain;
    return Math.max(since + Math.max(seconds, NODE_TAKE_OVER) * 1_000, this.#timeToCome(since));
  }

  /**
   * Until when nodes may come that a drain waits for, both in Unix milliseconds: nobody is connected when a control plane
   * has started, or begins to lead, and the deadline may have passed by then.
   */
  #timeToCome(drainedSince: number): number {
    const { since } = this.#options.nodes;
    return drainedSince < since ? since + NODE_TAKE_OVER * 1_000 : 0;
  }

  /** Who has not taken over what the drained node has. */
  refusalsOf(operation: OperationRecord): readonly Refused[] {
    if (this.drainageBy(operation)?.state !== 'moving') return [];
    const { state } = this.#options.store;
    return notTakenOver(state, operation.resources[0]!.id, this.#present(state));
  }

  /** How far the drain is that the operation has begun; null: it is none, or another has come after it. */
  drainageBy({ action, resources, generation }: OperationRecord): NodeDrainage | null {
    const { store, nodes, now } = this.#options;
    const nodeId = action === 'drainNode' ? resources[0]?.id : undefined;
    if (nodeId === undefined || store.state.duties.get(nodeId)?.generation !== generation) return null;
    const node = nodes.list().find(({ id }) => id === nodeId) ?? { ...UNSEEN, id: nodeId };
    return drainageOf(store.state, node, this.#present(store.state), now());
  }

  #present({ placement }: State): PresentNode[] {
    return presentNodes(this.#options.nodes, placement, this.#options.now());
  }

  /** Writes the placement when it is not what it should be. Nodes say much at once: several looks are one. */
  look(): void {
    if (this.#timer === null || this.#looking || !this.#dependsOnNodes()) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#bringAbout();
    });
  }

  #bringAbout(): void {
    const { store, failed } = this.#options;
    this.#again = this.#writing !== null;
    if (this.#timer === null || this.#again || !this.#isOutdated(store.state)) return;
    this.#writing = store
      .write({
        action: 'placeLoadBalancers',
        actor: 'evenkeel',
        requestId: '',
        run: (draft) => this.#bringUpToDate(draft),
      })
      .then(() => {}, failed)
      .finally(() => {
        this.#writing = null;
        if (this.#again) this.look();
      });
  }

  /** Whether it matters for placement which nodes there are, and what they have acknowledged. */
  #dependsOnNodes(): boolean {
    const { state } = this.#options.store;
    const { fleet, handovers } = state.placement;
    return state.duties.size > 0 || fleet.size > 0 || handovers.size > 0 || wantsNumbers(state);
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  #count(wanted: NodeDutyRecord['duty']): number {
    let count = 0;
    for (const { duty } of this.#options.store.state.duties.values()) if (duty === wanted) count++;
    return count;
  }

  #isOutdated(state: State): boolean {
    return this.#forgotten(state).length > 0 || this.#wanted(state, state.generation) !== state.placement;
  }

  #bringUpToDate(draft: Draft): void {
    for (const record of this.#forgotten(draft)) draft.remove('node', record);
    draft.placement = this.#wanted({ ...draft.whole, duties: draft.duties }, draft.generation);
  }

  #wanted(state: State, generation: number): Placement {
    const nodes = this.#present(state);
    const placement = settled(state, state, nodes, generation);
    return withoutFinished({ ...state, placement }, nodes, generation);
  }

  /** What is known of the duty of nodes that were forgotten. */
  #forgotten({ duties }: Pick<State, 'duties'>) {
    if (duties.size === 0) return [];
    const known = new Set(this.#options.nodes.list().map(({ id }) => id));
    return [...duties.values()].filter(({ id }) => !known.has(id) && !this.#options.hasJoined(id));
  }
}
