import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import { type TargetHealthTable, worst } from '../nodes/target-health.ts';
import type { LoadBalancerTree, State } from '../state/state.ts';
import type { Emit } from './event.ts';

type Judged = 'healthy' | 'unhealthy';
type Known = Judged | 'detecting';

/** Pairs of service and target that are remembered; beyond them all are forgotten, and no change is told once. */
const REMEMBERED = 1_000_000;

/**
 * Notices that targets become healthy or unhealthy, as all nodes together see them: a target is unhealthy when one node
 * says so. What a control plane finds when it starts is told only of targets that have become unhealthy since the node
 * was last heard.
 */
export class TargetWatch {
  readonly #known = new Map<string, Known>();
  readonly #health: TargetHealthTable;
  readonly #state: () => State;
  readonly #emit: Emit;

  constructor(health: TargetHealthTable, state: () => State, emit: Emit) {
    this.#health = health;
    this.#state = state;
    this.#emit = emit;
  }

  /** A node has reported; `heardAt`: when it was heard before this control plane started, in Unix milliseconds. */
  reported(reports: readonly ReportedHealth[], heardAt: number): void {
    if (this.#known.size > REMEMBERED) this.#known.clear();
    const trees = new Map<string, LoadBalancerTree>();
    for (const report of reports) {
      const { serviceId, targetId, state } = report;
      const key = `${serviceId}/${targetId}`;
      const before = this.#known.get(key);
      if (before === state) continue;
      const now = worst(this.#health.of(serviceId, targetId));
      if (now?.state === 'detecting' && before === undefined) this.#known.set(key, 'detecting');
      if (now === null || (now.state !== 'healthy' && now.state !== 'unhealthy')) continue;
      if (before === now.state) continue;
      this.#known.set(key, now.state);
      if (before === undefined && (now.state === 'healthy' || now.since <= heardAt)) continue;
      this.#tell(serviceId, targetId, now.state, now, trees);
    }
  }

  #tell(
    serviceId: string,
    targetId: string,
    state: Judged,
    { reason, since, node }: ReportedHealth & { readonly node: string },
    trees: Map<string, LoadBalancerTree>,
  ): void {
    const tree = trees.get(serviceId) ?? treeOf(this.#state(), serviceId);
    if (tree === null) return;
    trees.set(serviceId, tree);
    const service = tree.services.get(serviceId);
    const target = service?.targetGroupId && tree.groups.get(service.targetGroupId)?.targets.get(targetId);
    if (!service || !target) return;
    const { id: loadBalancerId, tenantId, name } = tree.loadBalancer;
    const why = state === 'unhealthy' && reason !== '' ? `: ${reason}` : '';
    this.#emit({
      kind: `target.${state}`,
      tenantId,
      subject: { kind: 'target', id: targetId, name: target.name },
      loadBalancerId,
      message: `Target ${target.name} of service ${service.name} of load balancer ${name} is ${state}${why}.`,
      data: {
        backendServiceId: serviceId,
        targetGroupId: target.targetGroupId,
        address: target.address,
        port: target.port ?? service.port,
        reason: state === 'unhealthy' ? reason : '',
        since: new Date(since).toISOString(),
        node,
      },
    });
  }
}

function treeOf(state: State, serviceId: string): LoadBalancerTree | null {
  for (const tree of state.loadBalancers.values()) if (tree.services.has(serviceId)) return tree;
  return null;
}
