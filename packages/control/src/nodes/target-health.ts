import type { Flapping, ReportedHealth, ReportedTraffic, TargetHealthState } from '@evenkeel/model/plan/stream.ts';
import type { State } from '../state/state.ts';

/** What a node says of a target. */
export type NodeHealth = ReportedHealth & { readonly node: string };

/** Reports that may be kept of one node beyond twice as many as there can be; see `report`. */
const SLACK = 1_000;

/** The worst first. */
const SEVERITY: readonly TargetHealthState[] = ['unhealthy', 'detecting', 'unchecked', 'healthy'];

/** The last that each node reported of each target, also when the node has gone offline. In memory alone. */
export class TargetHealthTable {
  readonly #byNode = new Map<string, Map<string, ReportedHealth>>();
  readonly #state: () => State;
  #reported: (node: string, targets: readonly ReportedHealth[]) => void = () => {};

  constructor(state: () => State) {
    this.#state = state;
  }

  /** Whoever listens is told of each report, when it is in the table. */
  onReport(listener: (node: string, targets: readonly ReportedHealth[]) => void): void {
    this.#reported = listener;
  }

  /**
   * Takes the report of a node. Reports of targets that are gone do no harm and are dropped when there are too many.
   * False when some were dropped.
   */
  report(node: string, complete: boolean, targets: readonly ReportedHealth[]): boolean {
    const known = (complete ? undefined : this.#byNode.get(node)) ?? new Map<string, ReportedHealth>();
    for (const target of targets) known.set(keyOf(target.serviceId, target.targetId), target);
    this.#byNode.set(node, known);
    this.#reported(node, targets);
    if (known.size <= 2 * countPairs(this.#state()) + SLACK) return true;
    const expected = pairs(this.#state());
    for (const key of known.keys()) if (!expected.has(key)) known.delete(key);
    return false;
  }

  forget(node: string): void {
    this.#byNode.delete(node);
  }

  /** What the nodes say of the target, in order of nodes. */
  of(serviceId: string, targetId: string): NodeHealth[] {
    const key = keyOf(serviceId, targetId);
    const reports: NodeHealth[] = [];
    for (const [node, known] of this.#byNode) {
      const report = known.get(key);
      if (report !== undefined) reports.push({ ...report, node });
    }
    return reports.sort((a, b) => (a.node < b.node ? -1 : 1));
  }
}

/** The worst of the reports; of equal ones the one that has lasted longest. Null when there are none. */
export function worst(reports: readonly NodeHealth[]): NodeHealth | null {
  let result: NodeHealth | null = null;
  for (const report of reports) {
    const order = result === null ? -1 : SEVERITY.indexOf(report.state) - SEVERITY.indexOf(result.state);
    if (result === null || order < 0 || (order === 0 && report.since < result.since)) result = report;
  }
  return result;
}

/** That which changes most; null when the target flaps on no node. */
export function worstFlapping(reports: readonly NodeHealth[]): Flapping | null {
  let result: Flapping | null = null;
  for (const { flapping } of reports) {
    if (flapping && (result === null || flapping.changes > result.changes)) result = flapping;
  }
  return result;
}

/** That of the node on which the target takes least; undefined when it takes its whole share on all. */
export function leastTraffic(reports: readonly NodeHealth[]): ReportedTraffic | undefined {
  let result: ReportedTraffic | undefined;
  for (const { traffic } of reports) {
    if (traffic !== undefined && (result === undefined || traffic.share < result.share)) result = traffic;
  }
  return result;
}

function keyOf(serviceId: string, targetId: string): string {
  return `${serviceId}/${targetId}`;
}

function countPairs(state: State): number {
  let count = 0;
  for (const { services, groups } of state.loadBalancers.values()) {
    for (const { targetGroupId } of services.values()) {
      if (targetGroupId !== null) count += groups.get(targetGroupId)!.targets.size;
    }
  }
  return count;
}

/** Every pair of service and target that can be reported. */
function pairs(state: State): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { services, groups } of state.loadBalancers.values()) {
    for (const { id, targetGroupId } of services.values()) {
      if (targetGroupId === null) continue;
      for (const targetId of groups.get(targetGroupId)!.targets.keys()) keys.add(keyOf(id, targetId));
    }
  }
  return keys;
}
