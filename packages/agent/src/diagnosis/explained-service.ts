import type { PlannedListener, PlannedService, PlannedTarget } from '@evenkeel/model/plan/objects.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import type { ReportedHealth, ReportedTraffic } from '@evenkeel/model/plan/stream.ts';
import type { ExplainedService, ExplainedTarget } from '@evenkeel/model/resources/explanation.ts';
import type { ProxyEngine } from '@evenkeel/proxy/engine/engine.ts';
import type { TargetChoice } from '@evenkeel/proxy/explain/target-choice.ts';
import type { KernelSight } from '../sight/kernel-sight.ts';

export interface ExplainingNode {
  readonly engine: Pick<ProxyEngine, 'explain'>;
  /** What runs, and which version of it the node has acknowledged. */
  readonly plan: NodePlan;
  readonly generation: number;
  readonly health: Iterable<ReportedHealth>;
  /** null: the kernel carries nothing. */
  readonly sight: Pick<KernelSight, 'forecast'> | null;
}

/** What a choice has found, as far as it is told. */
export type ToldChoice = Pick<TargetChoice, 'clientHash' | 'chosen' | 'stickiness' | 'because'> & {
  readonly targets: readonly Pick<
    TargetChoice['targets'][number],
    'id' | 'address' | 'port' | 'candidate' | 'underWay'
  >[];
};

/** The port that all targets hear on, where that is the one that the client has asked for; null: each has its own. */
export function portAsked({ port, lastPort }: PlannedListener, { flow }: ExplainQuestion): number | null {
  return (lastPort ?? port) > port ? (flow?.port ?? port) : null;
}

/** `port`: what `portAsked` says. */
export function explainService(
  node: ExplainingNode,
  id: string,
  choice: ToldChoice,
  port: number | null,
): ExplainedService | null {
  const entry = node.plan.entries.get(`service/${id}`);
  if (entry?.kind !== 'service') return null;
  const { name, algorithm } = entry.value;
  const { clientHash, stickiness, because } = choice;
  const targets = explainTargets(node, entry.value, choice, port);
  return { serviceId: id, name, algorithm, clientHash, stickiness, targets, because };
}

function explainTargets(
  node: ExplainingNode,
  service: PlannedService,
  choice: ToldChoice,
  portOfAll: number | null,
): ExplainedTarget[] {
  const group = node.plan.entries.get(`group/${service.groupId}`);
  const planned = new Map(group?.kind === 'group' ? group.value.targets.map((target) => [target.id, target]) : []);
  const health = new Map<string, ReportedHealth>();
  for (const one of node.health) if (one.serviceId === service.id) health.set(one.targetId, one);
  return choice.targets.flatMap(({ id, address, port, candidate, underWay }) => {
    const target = planned.get(id);
    if (target === undefined) return [];
    const known = health.get(id);
    const { state = 'unchecked', reason = '', traffic } = known ?? {};
    return {
      targetId: id,
      address,
      port: portOfAll ?? port,
      zone: target.zone,
      weight: target.weight,
      state: target.state,
      health: state,
      healthReason: reason,
      share: traffic?.share ?? 100,
      underWay,
      candidate,
      why: whyOf(target, state, reason, candidate, traffic ?? null),
      chosen: choice.chosen === id,
    };
  });
}

function whyOf(
  target: PlannedTarget,
  health: string,
  reason: string,
  candidate: boolean,
  traffic: ReportedTraffic | null,
): string {
  const well = health === 'healthy' || health === 'unchecked';
  if (traffic?.ejected != null) {
    const { reason: shown, until } = traffic.ejected;
    return `ejected by what its traffic showed (${shown}) until ${new Date(until).toISOString()}`;
  }
  if (candidate && well && traffic !== null && traffic.share < 100) {
    return `${health}, and starting slowly: it takes ${traffic.share} % of its share`;
  }
  if (candidate && well) return health === 'healthy' ? 'healthy' : 'not checked, and so taken to be well';
  if (candidate) return `${health}, but no target is healthy, so all of them are tried`;
  if (target.state !== 'active') return `${target.state}: it takes no new clients`;
  if (target.weight === 0) return 'weight 0: it takes no new clients';
  if (!well) return reason === '' ? health : `${health}: ${reason}`;
  return `${health}, but passed over for now: targets of this zone come first, or it has just been ejected`;
}
