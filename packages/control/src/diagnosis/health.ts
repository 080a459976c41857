import { type EvidenceAnswer, TRIAL_TARGETS } from '@evenkeel/model/plan/evidence.ts';
import type {
  HealthEvidence,
  HealthTrial,
  HealthTrialRequest,
  TargetEvidence,
} from '@evenkeel/model/resources/health-evidence.ts';
import { planHealthCheck } from '../plan/health-check.ts';
import { PROXY_PROTOCOL } from '../plan/service.ts';
import { refuseField } from '../problem.ts';
import { changeHealthCheck } from '../resources/health-check.ts';
import { notFound } from '../resources/rules.ts';
import type { TargetRecord } from '../state/records.ts';
import { findService, type LoadBalancerTree, type State } from '../state/state.ts';
import { type Asking, askEveryNode, askingWhoHas, type Heard } from './nodes-to-ask.ts';

/** Targets of one node in an answer, unless another number is asked for. */
const SHOWN = 100;
/** Milliseconds that a node has beyond what its probes may take. */
const SLACK = 5_000;
/** Probes of a trial that a node runs at a time. */
const AT_A_TIME = 32;
/** Milliseconds that anybody waits for a trial. */
const LONGEST = 120_000;

/** The last probes of the targets of a service, by those who probe them. */
export async function healthEvidence(
  asking: Asking,
  state: State,
  serviceId: string,
  { targetId, limit = SHOWN }: { readonly targetId?: string | undefined; readonly limit?: number | undefined },
): Promise<HealthEvidence> {
  const { tree, service } = findService(state, serviceId) ?? notFound('backend service', serviceId);
  if (targetId !== undefined && !targetsOf(tree, service.targetGroupId).has(targetId)) notFound('target', targetId);
  const question = { serviceId, targetId: targetId ?? null, limit };
  const those = askingWhoHas(asking, state, tree.loadBalancer);
  const heard = await askEveryNode(those, 'health-evidence', question, () => null);
  return { backendServiceId: serviceId, targets: shown(heard), nodes: [...heard.asked] };
}

/** Has every node that has the load balancer probe targets of a service once, by its health check with some fields changed. */
export async function tryHealthCheck(
  asking: Asking,
  state: State,
  serviceId: string,
  { healthCheck: patch, targetIds }: HealthTrialRequest,
): Promise<HealthTrial> {
  const { tree, service } = findService(state, serviceId) ?? notFound('backend service', serviceId);
  const healthCheck = {
    ...changeHealthCheck(service.healthCheck, patch, service.tls, '/healthCheck'),
    // A check that is off can be tried like any other.
    enabled: true,
  };
  const all = targetsOf(tree, service.targetGroupId);
  const wanted = (targetIds ?? [...all.keys()]).slice(0, TRIAL_TARGETS).map((id, index) => {
    return all.get(id) ?? refuseField('reference-not-found', `/targetIds/${index}`, `the service has no target ${id}`);
  });
  const check = planHealthCheck(healthCheck, service);
  const targets = wanted.map(({ id: targetId, address, port }) => {
    return { targetId, address, port: healthCheck.port ?? port ?? service.port };
  });
  const proxyProtocol = healthCheck.port === null ? PROXY_PROTOCOL[service.proxyProtocol] : 0;
  const patience = Math.min(LONGEST, SLACK + Math.ceil(targets.length / AT_A_TIME) * check.timeout);
  const those = askingWhoHas(asking, state, tree.loadBalancer);
  const heard = await askEveryNode(those, 'health-trial', { check, proxyProtocol, targets }, () => null, patience);
  const evidence = shown(heard);
  const passed = evidence.filter(({ exchanges }) => exchanges[0]?.verdict === 'success').length;
  const failed = evidence.length - passed;
  return { backendServiceId: serviceId, healthCheck, passed, failed, targets: evidence, nodes: [...heard.asked] };
}

function targetsOf(tree: LoadBalancerTree, groupId: string | null): ReadonlyMap<string, TargetRecord> {
  return (groupId === null ? undefined : tree.groups.get(groupId)?.targets) ?? new Map();
}

function shown({ answers }: Heard<EvidenceAnswer>): TargetEvidence[] {
  const all = answers.flatMap(({ node, answer }) =>
    answer.targets.map(({ exchanges, ...target }) => ({
      ...target,
      node,
      exchanges: exchanges.map((exchange) => ({ ...exchange, at: new Date(exchange.at).toISOString() })),
    })),
  );
  return all.sort((a, b) => (a.targetId === b.targetId ? 0 : a.targetId < b.targetId ? -1 : 1));
}
