import { reasonInWords } from '@evenkeel/model/end-reasons.ts';
import { dropInWords } from '@evenkeel/model/kernel-drops.ts';
import type { CountedTraffic } from '@evenkeel/model/plan/query.ts';
import { REFUSALS, type RefusalName } from '@evenkeel/model/plan/sources.ts';
import type {
  KernelTraffic,
  ListenerTraffic,
  RuleGroupTraffic,
  ServiceTraffic,
  TargetTraffic,
} from '@evenkeel/model/resources/traffic.ts';
import type { RuleRecord } from '../state/records.ts';
import { type Asking, askEveryNode } from './nodes-to-ask.ts';

const NOTHING: Omit<CountedTraffic, 'kernel'> = {
  connections: 0,
  activeConnections: 0,
  requests: 0,
  activeRequests: 0,
  responses: [0, 0, 0, 0, 0],
  bytesReceived: 0,
  bytesSent: 0,
};

/** What all nodes have counted of a listener, added up. */
export async function listenerTraffic(asking: Asking, listenerId: string): Promise<ListenerTraffic> {
  const { answers, asked } = await askEveryNode(asking, 'traffic', { listenerId, serviceId: '' }, () => null);
  const counted = answers.flatMap(({ answer }) => answer.listeners);
  const ended = byReason(counted.map(({ reasons }) => reasons)).map(({ reason, count }) => {
    const { endedBy, phase } = reasonInWords(reason);
    return { reason, endedBy, phase, count };
  });
  const refused = byReason(counted.map((one) => one.refused ?? {})).flatMap(({ reason, count }) =>
    isRefusal(reason) ? [{ reason, count }] : [],
  );
  const desync = byReason(counted.map((one) => one.desync ?? {}));
  return { listenerId, ...sumOf(counted), ended, refused, desync, nodes: [...asked] };
}

/** What all nodes have counted of the targets of a service, added up for each. */
export async function serviceTraffic(asking: Asking, backendServiceId: string): Promise<ServiceTraffic> {
  const { answers, asked } = await askEveryNode(
    asking,
    'traffic',
    { listenerId: '', serviceId: backendServiceId },
    () => null,
  );
  const byTarget = Map.groupBy(
    answers.flatMap(({ answer }) => answer.targets),
    ({ targetId }) => targetId,
  );
  const targets = Array.from(byTarget, ([targetId, counted]): TargetTraffic => {
    const add = (field: 'idleConnections' | 'connectErrors' | 'replays'): number =>
      counted.reduce((sum, one) => sum + one[field], 0);
    const place = counted.find(({ address = '' }) => address !== '');
    return {
      targetId,
      address: place?.address ?? null,
      port: place?.port || null,
      draining: counted.every(({ draining }) => draining === true),
      ...sumOf(counted),
      idleConnections: add('idleConnections'),
      connectErrors: add('connectErrors'),
      replays: add('replays'),
    };
  });
  return { backendServiceId, targets, nodes: [...asked] };
}

/** How many requests all nodes have counted of each rule of a group. */
export async function ruleGroupTraffic(
  asking: Asking,
  ruleGroupId: string,
  rules: readonly Pick<RuleRecord, 'id' | 'name'>[],
): Promise<RuleGroupTraffic> {
  const { answers, asked } = await askEveryNode(
    asking,
    'traffic',
    { listenerId: '', serviceId: '', ruleGroupId },
    () => null,
  );
  const requests = new Map<string, number>();
  for (const { answer } of answers) {
    for (const rule of answer.rules ?? []) requests.set(rule.ruleId, (requests.get(rule.ruleId) ?? 0) + rule.requests);
  }
  const counted = rules.map(({ id, name }) => ({ ruleId: id, name, requests: requests.get(id) ?? 0 }));
  return { ruleGroupId, rules: counted, nodes: [...asked] };
}

/** Counts of all nodes, the most first. */
function byReason(counted: readonly Readonly<Record<string, number>>[]): { reason: string; count: number }[] {
  const sums = new Map<string, number>();
  for (const counts of counted) {
    for (const [reason, count] of Object.entries(counts)) {
      if (count > 0) sums.set(reason, (sums.get(reason) ?? 0) + count);
    }
  }
  return Array.from(sums, ([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

/** Nodes of later versions may have others. */
function isRefusal(reason: string): reason is RefusalName {
  return (REFUSALS as readonly string[]).includes(reason);
}

type Summed = { -readonly [K in keyof Omit<CountedTraffic, 'responses' | 'kernel'>]: number } & {
  responses: number[];
  kernel: KernelTraffic | null;
};

function sumOf(counted: readonly CountedTraffic[]): Summed {
  const sum: Summed = { ...NOTHING, responses: [...NOTHING.responses], kernel: sumOfKernels(counted) };
  for (const one of counted) {
    for (const field of [
      'connections',
      'activeConnections',
      'requests',
      'activeRequests',
      'bytesReceived',
      'bytesSent',
    ] as const) {
      sum[field] += one[field];
    }
    one.responses.forEach((count, index) => {
      sum.responses[index] = (sum.responses[index] ?? 0) + count;
    });
  }
  return sum;
}

/** null: the kernel carries it on no node. */
function sumOfKernels(counted: readonly CountedTraffic[]): KernelTraffic | null {
  const kernels = counted.flatMap(({ kernel }) => kernel ?? []);
  if (kernels.length === 0) return null;
  return {
    packetsReceived: kernels.reduce((sum, { packets }) => sum + packets, 0),
    packetsSent: kernels.reduce((sum, { answers }) => sum + answers, 0),
    // Nodes know nothing of each other, so their errors are independent.
    activeConnectionsError: Math.ceil(Math.hypot(...kernels.map(({ activeError }) => activeError))),
    dropped: byReason(kernels.map(({ dropped }) => dropped)).map((one) => ({
      ...one,
      meaning: dropInWords(one.reason),
    })),
  };
}
