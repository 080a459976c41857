import type { Fate } from '@evenkeel/flow/datapath/flow-forecast.ts';
import type { Flow } from '@evenkeel/flow/datapath/flow-hash.ts';
import { dropInWords } from '@evenkeel/model/kernel-drops.ts';
import type { PlannedTarget } from '@evenkeel/model/plan/objects.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { ExplainAnswer, ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import type { ExplainedFate, ExplainedFlow } from '@evenkeel/model/resources/explanation.ts';
import type { ForecastInKernel } from '../sight/kernel-sight.ts';
import { type ExplainingNode, explainService, portAsked } from './explained-service.ts';

/** What the programs in the kernel would do with a flow; null: they do not carry the listener. */
export function explainFlow(node: ExplainingNode, question: ExplainQuestion): ExplainAnswer | null {
  const { listenerId, source, flow: asked } = question;
  const listener = node.plan.entries.get(`listener/${listenerId}`);
  if (node.sight === null || asked === undefined || listener?.kind !== 'listener') return null;
  const vip = listener.value.addresses.find((address) => address.includes(':') === source.includes(':'));
  if (vip === undefined) throw new Error(`the listener has no address that ${source} could reach`);
  const { protocol, sourcePort: clientPort, port: vipPort } = asked;
  const flow: Flow = { protocol, client: source, clientPort, vip, vipPort };
  const found = node.sight.forecast(listenerId, flow);
  if (found === null) return null;
  const kernel = explainedFlow(flow, found);
  const { opening } = kernel;
  const choice = {
    clientHash: kernel.slot ?? 0,
    targets: candidates(node.plan, found),
    chosen: opening.outcome === 'forward' ? opening.targetId : null,
    stickiness: null,
    because: becauseOf(kernel),
  };
  return {
    generation: node.generation,
    listenerId,
    request: {
      method: '',
      host: `${vip.includes(':') ? `[${vip}]` : vip}:${vipPort}`,
      path: '',
      query: '',
      client: source,
    },
    outcome: ({ forward: 'forward', drop: 'refuse', challenge: 'refuse', reset: 'close' } as const)[opening.outcome],
    status: null,
    location: '',
    reason: opening.reason === '' ? 'none' : opening.reason,
    why: whyOf(opening, protocol),
    ruleOrder: '',
    rules: [],
    rulesLeftOut: 0,
    changes: [],
    services: [],
    service: explainService(node, found.serviceId, choice, portAsked(listener.value, question)),
    kernel,
  };
}

function explainedFlow(flow: Flow, { forecast, points, targets, seenAs }: ForecastInKernel): ExplainedFlow {
  const { slot, written, kept, opening, following } = forecast;
  const idOf = (number: number) => targets.get(number) ?? null;
  const seen = opening.outcome === 'forwarded' ? seenAs(opening.target) : null;
  return {
    ...flow,
    slot: slot?.number ?? null,
    currentTargetId: idOf(slot?.current ?? 0),
    previousTargetId: idOf(slot?.previous ?? 0),
    remembers: slot?.remembers ?? false,
    written:
      written === null
        ? null
        : {
            targetId: idOf(written.target),
            state: written.state,
            idleSeconds: written.idleSeconds,
            over: written.isOver,
          },
    keptTargetId: idOf(kept),
    nodeAddress: seen?.address ?? null,
    nodePort: seen?.port ?? null,
    opening: fateOf(opening, idOf),
    following: fateOf(following, idOf),
    points: points.map(({ point, devices, ...fates }) => ({
      point,
      devices: [...devices],
      opening: fateOf(fates.opening, idOf),
      following: fateOf(fates.following, idOf),
    })),
  };
}

function fateOf({ target, outcome }: Fate, idOf: (number: number) => string | null): ExplainedFate {
  const targetId = idOf(target);
  switch (outcome) {
    case 'forwarded':
      return { outcome: 'forward', targetId, reason: '' };
    case 'challenged':
      return { outcome: 'challenge', targetId: null, reason: '' };
    case 'reset':
      return { outcome: 'reset', targetId, reason: '' };
    default:
      return { outcome: 'drop', targetId, reason: outcome };
  }
}

/** Targets of the service, as the plan has them, that the kernel knows. */
function candidates(plan: NodePlan, { takers, serviceId, targets, activeFlows }: ForecastInKernel) {
  const service = plan.entries.get(`service/${serviceId}`);
  if (service?.kind !== 'service') return [];
  const group = plan.entries.get(`group/${service.value.groupId}`);
  const planned: readonly PlannedTarget[] = group?.kind === 'group' ? group.value.targets : [];
  const numbers = new Map(Array.from(targets, ([number, id]) => [id, number]));
  return planned.map(({ id, address, port }) => {
    const number = numbers.get(id) ?? 0;
    const candidate = takers.has(number);
    return { id, address, port: port === 0 ? service.value.port : port, candidate, underWay: activeFlows(number) };
  });
}

function whyOf({ outcome, reason }: ExplainedFate, protocol: Flow['protocol']): string {
  const what = protocol === 'tcp' ? 'a connection that begins' : 'a datagram';
  switch (outcome) {
    case 'forward':
      return `the kernel sends ${what} on`;
    case 'drop':
      return `the kernel drops ${what}: ${dropInWords(reason) || reason}`;
    case 'challenge':
      return 'under the alarm of a flood the client is asked to show that it is there, and may then connect';
    case 'reset':
      return 'its target is gone, and the client is told so by a RST';
  }
}

function becauseOf({ slot, remembers, written, keptTargetId, opening }: ExplainedFlow): string {
  if (slot === null) return 'the listener has no table yet';
  if (written !== null && !written.over && written.targetId === opening.targetId && written.state === 'opening') {
    return `its handshake is under way there, which is written down`;
  }
  if (keptTargetId !== null && keptTargetId === opening.targetId)
    return 'its client was there lately, and is kept there';
  return `slot ${slot} of the table names it${remembers ? ', since the table has changed' : ''}`;
}
