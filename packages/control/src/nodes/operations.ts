import { ProblemError } from '../problem.ts';
import { KEPT, type OperationOutcome, type OperationRecord, type Refused } from '../store/history.ts';
import type { NodeRegistry, NodeStatus } from './registry.ts';

/** Calls that may wait at the same time; one more is refused with `too-busy`. */
const WAITERS = 1_000;
/** Reasons that are kept of one operation, and nodes that it has ended without. */
const REASONS = 20;
const LEFT_OUT = 100;

export interface Outcome {
  readonly outcome: OperationOutcome;
  /** Unix milliseconds. */
  readonly settledAt: number;
  /** Why, when it is refused; the first reasons. */
  readonly refused: readonly Refused[];
  /** Nodes that had yet to acknowledge it, and were not waited for; the first of them. */
  readonly leftOut: readonly string[];
  /** The operation that has taken it back; null: none has. */
  readonly cancelledBy: string | null;
}

/** What goes on after every node has acknowledged it, as the drain of a node does. */
export interface LastingOperations {
  isUnfinished(operation: OperationRecord): boolean;
  /** Until when its end waits for nodes, in Unix milliseconds; null: it does not last. */
  deadlineOf(operation: OperationRecord): number | null;
  /** Why it has ended without what it was for; none: it has brought that about, or does not last. */
  refusalsOf(operation: OperationRecord): readonly Refused[];
}

const NONE_LASTS: LastingOperations = { isUnfinished: () => false, deadlineOf: () => null, refusalsOf: () => [] };

/** Writes outcomes, by the identifiers of their operations. */
export type SaveOutcomes = (outcomes: ReadonlyMap<string, Outcome>) => Promise<void>;

export type SettledListener = (operation: OperationRecord, outcome: Outcome) => void;

/**
 * Follows operations until every node has acknowledged their generation: all but those that are away or silent for long,
 * while there are others. They catch up when they can, and the operation names them. An outcome, once known, stays: it tells
 * what happened then, whatever happened to the same listeners later; unless somebody has the nodes try again.
 */
export class OperationTracker {
  readonly #nodes: NodeRegistry;
  readonly #now: () => number;
  readonly #lasting: LastingOperations;
  /** In order of generations. At the bound the oldest is no longer followed; its outcome is then what the nodes say now. */
  readonly #pending = new Map<string, OperationRecord>();
  /** Those of them that have a deadline. */
  readonly #lastingIds = new Set<string>();
  /** Outcomes that are not on the disk yet. */
  readonly #unsaved = new Map<string, Outcome>();
  readonly #waiters = new Set<() => void>();
  #settled: SettledListener = () => {};

  constructor(
    nodes: NodeRegistry,
    now: () => number,
    unsettled: readonly OperationRecord[],
    lasting: LastingOperations = NONE_LASTS,
  ) {
    this.#lasting = lasting;
    this.#nodes = nodes;
    this.#now = now;
    this.#take(unsettled.toSorted((a, b) => a.generation - b.generation));
  }

  get pending(): number {
    return this.#pending.size;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Begins with what another control plane has left open. It is judged at the next look, as at a start. */
  reset(unsettled: readonly OperationRecord[]): void {
    this.#pending.clear();
    this.#lastingIds.clear();
    this.#unsaved.clear();
    this.#take(unsettled.toSorted((a, b) => a.generation - b.generation));
  }

  /** Whoever listens is told of each outcome once, when it becomes known. */
  onSettled(listener: SettledListener): void {
    this.#settled = listener;
  }

  /** Those that were written here. None: another control plane has written, which judges them. */
  follow(operations: readonly OperationRecord[]): void {
    if (operations.length === 0) return;
    this.#take(operations);
    this.settle();
  }

  #take(operations: readonly OperationRecord[]): void {
    for (const operation of operations) {
      this.#pending.set(operation.id, operation);
      if (this.#lasting.deadlineOf(operation) !== null) this.#lastingIds.add(operation.id);
    }
    while (this.#pending.size > KEPT.operations.rows) this.#pending.delete(this.#pending.keys().next().value!);
  }

  /**
   * Called where this control plane leads: when a node acknowledged, came, went or was forgotten, and now and then, since
   * nodes may be away, or silent, for long by then.
   */
  settle(): void {
    const everywhere = this.#nodes.appliedEverywhere;
    for (const operation of this.#pending.values()) {
      if (everywhere === null || operation.generation > everywhere) break;
      this.#conclude(operation);
    }
    for (const id of this.#lastingIds) {
      const operation = this.#pending.get(id);
      if (operation === undefined) this.#lastingIds.delete(id);
      else if (this.#isOverdue(operation)) this.#conclude(operation);
    }
    for (const wake of [...this.#waiters]) wake();
  }

  /** What is known of the operation now; null: a node has yet to acknowledge it. */
  outcomeOf(operation: OperationRecord): Outcome | null {
    const { outcome, settledAt, refused, leftOut, cancelledBy } = operation;
    // What is not on the disk yet is newer.
    const known = this.#unsaved.get(operation.id);
    if (known !== undefined) return known;
    if (outcome !== null) return { outcome, settledAt: settledAt!, refused, leftOut, cancelledBy };
    const everywhere = this.#nodes.appliedEverywhere;
    const isEverywhere = everywhere !== null && operation.generation <= everywhere;
    if (!(isEverywhere || this.#isOverdue(operation)) || this.#isOpen(operation)) return null;
    return this.#judge(operation);
  }

  /** The operation `by` has taken it back, and says so on the disk: whatever nodes say of it is of no account any more. */
  cancelled(operation: OperationRecord, by: OperationRecord): void {
    this.#pending.delete(operation.id);
    const ended = { settledAt: by.createdAt, refused: [], leftOut: [], cancelledBy: by.id };
    const outcome: Outcome = { outcome: 'cancelled', ...ended };
    this.#unsaved.set(operation.id, outcome);
    this.#settled(operation, outcome);
    for (const wake of [...this.#waiters]) wake();
  }

  /**
   * Nodes have tried again: its outcome is what they say now, once `save` has written it; as it was when that rejects.
   * `save` gets nothing where there is none to write. Null: a node has yet to acknowledge it.
   */
  async judgeAgain(operation: OperationRecord, save: SaveOutcomes): Promise<Outcome | null> {
    const { id } = operation;
    const before = this.outcomeOf(operation);
    if (before === null || before.outcome === 'cancelled' || this.#lasting.isUnfinished(operation)) {
      await save(new Map());
      return before;
    }
    // What a node could not run that has not come since the start stays as it was told.
    const unheard = before.refused.filter(({ node, listenerId }) => {
      if (this.#nodes.get(node)?.reported !== 'never' || this.#nodes.isRevoked(node)) return false;
      return operation.listeners.includes(listenerId);
    });
    const outcome = this.#judge(operation, unheard);
    // What waits to be written must not be written after this.
    const waiting = this.#unsaved.get(id);
    this.#unsaved.delete(id);
    try {
      await save(new Map([[id, outcome]]));
    } catch (error) {
      if (waiting !== undefined && !this.#unsaved.has(id)) this.#unsaved.set(id, waiting);
      throw error;
    }
    if (outcome.outcome !== before.outcome) this.#settled(operation, outcome);
    return outcome;
  }

  /** Resolves with the outcome; with null when the time (in milliseconds) is up or the signal ends the wait. */
  wait(operation: OperationRecord, milliseconds: number, signal: AbortSignal): Promise<Outcome | null> {
    const now = this.outcomeOf(operation);
    if (now !== null || milliseconds === 0 || signal.aborted) return Promise.resolve(now);
    if (this.#waiters.size >= WAITERS)
      throw new ProblemError('too-busy', `${WAITERS} calls are waiting for operations`);
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#waiters.delete(check);
        resolve(this.outcomeOf(operation));
      };
      const check = () => {
        if (this.outcomeOf(operation) !== null) end();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end);
      this.#waiters.add(check);
    });
  }

  /** The outcomes to be written; they are no longer remembered when `save` has resolved. */
  async flush(save: SaveOutcomes): Promise<void> {
    const saved = new Map(this.#unsaved);
    if (saved.size === 0) return;
    await save(saved);
    for (const [id, outcome] of saved) if (this.#unsaved.get(id) === outcome) this.#unsaved.delete(id);
  }

  #conclude(operation: OperationRecord): void {
    if (this.#isOpen(operation)) return;
    this.#pending.delete(operation.id);
    const outcome = this.#judge(operation);
    this.#unsaved.set(operation.id, outcome);
    this.#settled(operation, outcome);
  }

  /** Whether it waits for no node any more. */
  #isOverdue(operation: OperationRecord): boolean {
    const deadline = this.#lasting.deadlineOf(operation);
    return deadline !== null && this.#now() >= deadline;
  }

  /** Whether it cannot be judged yet, though every node has acknowledged it: what they refuse is not kept over a start. */
  #isOpen(operation: OperationRecord): boolean {
    if (operation.listeners.length > 0 && !this.#nodes.allReported) return true;
    return this.#lasting.isUnfinished(operation);
  }

  #judge(operation: OperationRecord, unheard: readonly Refused[] = []): Outcome {
    const refused = [...unheard, ...this.#lasting.refusalsOf(operation)];
    const leftOut: string[] = [];
    for (const status of this.#nodes.list()) {
      const { id: node, refused: all } = status;
      if (!this.#hasSaid(status, operation) && !unheard.some((one) => one.node === node)) leftOut.push(node);
      for (const { listenerId, code, detail } of all) {
        if (operation.listeners.includes(listenerId)) refused.push({ node, listenerId, code, detail });
      }
    }
    const outcome = refused.length > 0 ? 'refused' : 'applied';
    const lists = { refused: refused.slice(0, REASONS), leftOut: leftOut.slice(0, LEFT_OUT) };
    return { outcome, settledAt: this.#now(), ...lists, cancelledBy: null };
  }

  /** Whether it is known what has become of it on the node; of one that was revoked nobody asks. */
  #hasSaid({ id, appliedGeneration, reported }: NodeStatus, { generation, listeners }: OperationRecord): boolean {
    if (this.#nodes.isRevoked(id)) return true;
    return appliedGeneration >= generation && (listeners.length === 0 || reported !== 'never');
  }
}
