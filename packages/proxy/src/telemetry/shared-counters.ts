import { REFUSALS } from '@evenkeel/model/plan/sources.ts';
import { forgetLatency, newLatencies } from '../balance/latency.ts';
import { DESYNC_REASONS } from '../http1/desync.ts';
import { LIMITS } from '../limits/limit.ts';
import { clearLimits, forgetConnections, MAX_LOAD_BALANCERS, newLimitMemory } from '../limits/shared-limits.ts';
import { newSourceMemory } from '../limits/source-table.ts';
import { resourcesOf } from '../overload/pressure.ts';
import { clearStanding, newStandingMemory } from '../standing/ejections.ts';
import type { Observed } from '../standing/rates.ts';
import { LISTENER_ROW, ListenerCell, TARGET_ROW, TargetCell, WORKER_ROW, WorkerCell } from './cells.ts';
import { CounterRows } from './counter-rows.ts';
import type { EngineCounters, ListenerCounters, ListenerVolume, TargetCounters, WorkerCounters } from './counters.ts';
import { durationCounts } from './duration.ts';
import { END_REASONS } from './end-reason.ts';
import { Slots } from './slots.ts';

/** Listeners that are counted apart, removed ones with open connections included. 5 MiB of address space a worker. */
const MAX_LISTENERS = 4_096;

/** Targets times services that are counted apart. 12 MiB of address space a worker. */
const MAX_TARGETS = 65_536;

/** Rules that are counted apart; what others match is served all the same. 128 KiB of address space a worker. */
export const MAX_RULES = 16_384;

/** One worker's rows: blocks of shared memory. */
export interface CounterBlocks {
  readonly listeners: Float64Array;
  readonly targets: Float64Array;
  /** Requests that each rule has matched, by slot; 0 is for those that found no slot of their own. */
  readonly rules: Float64Array;
  /** A single row. */
  readonly worker: Float64Array;
  /** Shared by all workers: what they count together, see limits/shared-limits.ts, and open connections by worker. */
  readonly limits: Int32Array;
  readonly loadBalancers: Int32Array;
  /** Shared by all: what sources have taken, see limits/source-table.ts. */
  readonly sources: Int32Array;
  readonly sockets: Int32Array;
  /** Shared by all: see `SharedCounters.listening`. */
  readonly listening: Int32Array;
  /** Which worker it is, from 0. */
  readonly index: number;
  /** Of all workers together, by target slot; see `SharedCounters`. */
  readonly connections: Int32Array;
  readonly wanted: Int32Array;
}

interface RuleName {
  readonly ruleGroupId: string;
  readonly ruleId: string;
}

/** Where a target is. */
interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface TargetName extends Endpoint {
  readonly serviceId: string;
  readonly targetId: string;
}

const NOWHERE: Endpoint = { address: '', port: 0 };

/**
 * All that workers count, as the owner's thread sees it: gives out rows, adds them up, and takes them back when their
 * listener or target is gone and its last connection has ended.
 */
export class SharedCounters {
  /** Requests and tunnels under way per target slot, over all workers; written with Atomics. */
  readonly load = new Int32Array(new SharedArrayBuffer(MAX_TARGETS * Int32Array.BYTES_PER_ELEMENT));
  /** What is held back from a target, per slot, see balance/held.ts; written with Atomics. */
  readonly held = new Int32Array(new SharedArrayBuffer(MAX_TARGETS * Int32Array.BYTES_PER_ELEMENT));
  /** How long targets take to answer, per slot, see balance/latency.ts. */
  readonly latencies = newLatencies(MAX_TARGETS);
  /** Connections to targets, kept ones included, per slot, over all workers; written with Atomics. */
  readonly connections = new Int32Array(new SharedArrayBuffer(MAX_TARGETS * Int32Array.BYTES_PER_ELEMENT));
  /** A single number: listening sockets of this process, whose descriptors connections cannot have. */
  readonly listening = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #limits = newLimitMemory(MAX_LISTENERS);
  /** What load balancers with limits take, per slot; see engine/load-balancer-slots.ts. */
  readonly loadBalancers = newLimitMemory(MAX_LOAD_BALANCERS);
  readonly #sources: Int32Array;
  readonly #sockets: Int32Array;
  /** Which targets are ejected, and how often each has failed in a row, per slot; see standing/ejections.ts. */
  readonly standing = newStandingMemory(MAX_TARGETS, this.held);
  /** Whether some worker needs the place of a connection that another one keeps, per slot; see upstream/relief.ts. */
  readonly wanted = new Int32Array(new SharedArrayBuffer(MAX_TARGETS * Int32Array.BYTES_PER_ELEMENT));
  readonly workers: number;
  readonly #listeners = new Slots<string>(MAX_LISTENERS);
  readonly #targets = new Slots<TargetName>(MAX_TARGETS);
  readonly #rules = new Slots<RuleName>(MAX_RULES);
  readonly #listenerRows: CounterRows;
  readonly #targetRows: CounterRows;
  readonly #ruleRows: CounterRows;
  readonly #workerRows: CounterRows;

  constructor(workers: number, random: () => number = Math.random) {
    this.#sources = newSourceMemory(random);
    this.#sockets = new Int32Array(new SharedArrayBuffer(workers * Int32Array.BYTES_PER_ELEMENT));
    this.workers = workers;
    this.#listenerRows = new CounterRows(workers, MAX_LISTENERS, LISTENER_ROW);
    this.#targetRows = new CounterRows(workers, MAX_TARGETS, TARGET_ROW);
    this.#ruleRows = new CounterRows(workers, MAX_RULES, 1);
    this.#workerRows = new CounterRows(workers, 1, WORKER_ROW);
  }

  /** The listener's slot, kept as long as the listener is there. */
  listenerSlot(listenerId: string): number {
    return this.#listeners.take(listenerId, listenerId);
  }

  /**
   * The target's slot within a service, kept as long as it is there: its place in `load`, and its row's. Where it is will be
   * told as long as it has the slot, which is longer than any plan has it.
   */
  targetSlot(serviceId: string, targetId: string, { address, port }: Endpoint = NOWHERE): number {
    return this.#targets.take(pairKey(serviceId, targetId), { serviceId, targetId, address, port });
  }

  /** The rule's slot within its group, kept as long as it is there. */
  ruleSlot(ruleGroupId: string, ruleId: string): number {
    return this.#rules.take(pairKey(ruleGroupId, ruleId), { ruleGroupId, ruleId });
  }

  /** The row that a worker writes for a listener; see `ListenerCell`. */
  listenerRow(worker: number, slot: number): Float64Array {
    return this.#listenerRows.row(worker, slot);
  }

  /** The row that a worker writes for a target; see `TargetCell`. */
  targetRow(worker: number, slot: number): Float64Array {
    return this.#targetRows.row(worker, slot);
  }

  /** What all workers have seen of a target, as outlier detection compares it. */
  observed(slot: number): Observed {
    const rows = this.#targetRows;
    return {
      answers: rows.sumCell(slot, TargetCell.answers),
      failures: rows.sumCell(slot, TargetCell.failures),
      answerTime: rows.sumCell(slot, TargetCell.answerTime),
    };
  }

  /** The memory that a worker counts in; it finds its rows by slot. */
  blocks(worker: number): CounterBlocks {
    return {
      listeners: this.#listenerRows.block(worker),
      targets: this.#targetRows.block(worker),
      rules: this.#ruleRows.block(worker),
      worker: this.#workerRows.block(worker),
      limits: this.#limits,
      loadBalancers: this.loadBalancers,
      sources: this.#sources,
      sockets: this.#sockets,
      listening: this.listening,
      index: worker,
      connections: this.connections,
      wanted: this.wanted,
    };
  }

  /** The row that a worker writes for itself; see `WorkerCell`. */
  workerRow(worker: number): Float64Array {
    return this.#workerRows.row(worker, 0);
  }

  /** To be called when every worker has acknowledged that the listener is gone. */
  retireListener(listenerId: string): void {
    this.#listeners.retire(listenerId);
  }

  /** To be called when every worker has acknowledged that the target is gone. */
  retireTarget(serviceId: string, targetId: string): void {
    this.#targets.retire(pairKey(serviceId, targetId));
  }

  /** To be called when every worker has acknowledged that the rule is gone. */
  retireRule(ruleGroupId: string, ruleId: string): void {
    this.#rules.retire(pairKey(ruleGroupId, ruleId));
  }

  /** Gives the slots of what is gone and quiet to others. Cheap; to be called now and then. */
  sweep(): void {
    this.#listeners.sweep((slot) => {
      const { activeConnections } = ListenerCell;
      if (this.#listenerRows.sumCell(slot, activeConnections) !== 0) return false;
      this.#listenerRows.clear(slot);
      clearLimits(this.#limits, slot);
      return true;
    });
    // A request is counted when its rule is found, so nobody writes there any more.
    this.#rules.sweep((slot) => {
      this.#ruleRows.clear(slot);
      return true;
    });
    this.#targets.sweep((slot) => {
      const { activeConnections, activeRequests } = TargetCell;
      if (this.#targetRows.sumCell(slot, activeConnections) !== 0) return false;
      if (this.#targetRows.sumCell(slot, activeRequests) !== 0) return false;
      this.#targetRows.clear(slot);
      Atomics.store(this.load, slot, 0);
      clearStanding(this.standing, slot);
      Atomics.store(this.connections, slot, 0);
      Atomics.store(this.wanted, slot, 0);
      forgetLatency(this.latencies, slot);
      return true;
    });
  }

  /** Takes back what a worker had under way when it died. Its rows may then be given to its successor. */
  forgetWorker(worker: number): void {
    for (const { slot } of this.#listeners.entries()) {
      const row = this.listenerRow(worker, slot);
      row[ListenerCell.activeConnections] = 0;
      forgetConnections(this.#limits, slot, row[ListenerCell.places]!);
      row[ListenerCell.places] = 0;
      row[ListenerCell.activeRequests] = 0;
    }
    for (const { slot } of this.#targets.entries()) {
      const row = this.targetRow(worker, slot);
      Atomics.sub(this.load, slot, row[TargetCell.activeRequests]!);
      Atomics.sub(this.connections, slot, row[TargetCell.activeConnections]!);
      row[TargetCell.activeRequests] = 0;
      row[TargetCell.activeConnections] = 0;
      row[TargetCell.idleConnections] = 0;
    }
    this.workerRow(worker).fill(0);
    Atomics.store(this.#sockets, worker, 0);
  }

  /** Sums over all workers. */
  read(accessLogDropped: number): EngineCounters {
    return {
      listeners: Array.from(this.#listeners.entries(), ({ name, slot }) =>
        listenerCounters(name, this.#listenerRows.sum(slot)),
      ),
      targets: Array.from(this.#targets.entries(), ({ name, slot }) =>
        targetCounters(
          name,
          this.#targets.isRetired(pairKey(name.serviceId, name.targetId)),
          this.#targetRows.sum(slot),
        ),
      ),
      rules: Array.from(this.#rules.entries(), ({ name, slot }) => ({
        ...name,
        requests: this.#ruleRows.sumCell(slot, 0),
      })).filter(({ requests }) => requests > 0),
      workers: this.readWorkers(),
      accessLogDropped,
    };
  }

  /** Of the sums, what listeners have carried alone. */
  readVolumes(): ListenerVolume[] {
    const { connections, bytesReceived, bytesSent } = ListenerCell;
    return Array.from(this.#listeners.entries(), ({ name, slot }) => ({
      listenerId: name,
      connections: this.#listenerRows.sumCell(slot, connections),
      bytesReceived: this.#listenerRows.sumCell(slot, bytesReceived),
      bytesSent: this.#listenerRows.sumCell(slot, bytesSent),
    }));
  }

  /** Connections of a listener that is there. */
  connectionsOf(listenerId: string): number {
    return this.#listenerRows.sumCell(this.listenerSlot(listenerId), ListenerCell.connections);
  }

  deniedSources(): number {
    let sum = 0;
    const cell = ListenerCell.refused + REFUSALS.indexOf('deny-list');
    for (const { slot } of this.#listeners.entries()) sum += this.#listenerRows.sumCell(slot, cell);
    return sum;
  }

  readWorkers(): WorkerCounters[] {
    return Array.from({ length: this.workers }, (_, worker) => {
      const row = this.workerRow(worker);
      return {
        worker,
        openConnections: row[WorkerCell.openConnections]!,
        freeBuffers: row[WorkerCell.freeBuffers]!,
        overload: resourcesOf(row[WorkerCell.overload]!),
        standingDelay: row[WorkerCell.standingDelay]!,
        shedShare: row[WorkerCell.shedShare]!,
        waitingHeads: row[WorkerCell.waitingHeads]!,
      };
    });
  }
}

/** A space is in no identifier. */
function pairKey(owner: string, id: string): string {
  return `${owner} ${id}`;
}

/** Counts above 0. */
function countsByName(row: Float64Array, first: number, names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  names.forEach((name, index) => {
    const count = row[first + index]!;
    if (count > 0) counts[name] = count;
  });
  return counts;
}

function listenerCounters(listenerId: string, row: Float64Array): ListenerCounters {
  return {
    listenerId,
    connections: row[ListenerCell.connections]!,
    activeConnections: row[ListenerCell.activeConnections]!,
    requests: row[ListenerCell.requests]!,
    activeRequests: row[ListenerCell.activeRequests]!,
    responses: Array.from(row.subarray(ListenerCell.responses, ListenerCell.responses + 6)),
    bytesReceived: row[ListenerCell.bytesReceived]!,
    bytesSent: row[ListenerCell.bytesSent]!,
    datagrams: {
      received: row[ListenerCell.datagramsReceived]!,
      sent: row[ListenerCell.datagramsSent]!,
      lost: row[ListenerCell.datagramsLost]!,
    },
    reasons: countsByName(row, ListenerCell.reasons, END_REASONS),
    desync: countsByName(row, ListenerCell.desync, DESYNC_REASONS),
    limits: countsByName(row, ListenerCell.limits, LIMITS),
    refused: countsByName(row, ListenerCell.refused, REFUSALS),
    duration: durationCounts(row),
  };
}

function targetCounters(name: TargetName, draining: boolean, row: Float64Array): TargetCounters {
  return {
    ...name,
    draining,
    connections: row[TargetCell.connections]!,
    activeConnections: row[TargetCell.activeConnections]!,
    idleConnections: row[TargetCell.idleConnections]!,
    requests: row[TargetCell.requests]!,
    activeRequests: row[TargetCell.activeRequests]!,
    connectErrors: row[TargetCell.connectErrors]!,
    responses: Array.from(row.subarray(TargetCell.responses, TargetCell.responses + 6)),
    bytesSent: row[TargetCell.bytesSent]!,
    bytesReceived: row[TargetCell.bytesReceived]!,
    replays: row[TargetCell.replays]!,
    retries: row[TargetCell.retries]!,
    failures: row[TargetCell.failures]!,
  };
}
