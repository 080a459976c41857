import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { LoadBalancerPlacement, NodeDutyWritten, NodePlacement } from '@evenkeel/model/resources/placement.ts';
import { NODE_TAKE_OVER } from '@evenkeel/model/zones.ts';
import type { Call } from '../commands/call.ts';
import { titled } from '../output/details.ts';
import { type Column, table } from '../output/table.ts';
import { count } from '../output/text.ts';
import { notFound } from './reference.ts';
import { type Session, say, withSession } from './session.ts';
import { written } from './write.ts';

/** Load balancers of a node that are shown; JSON has more. */
const SHOWN = 50;

const ON_NODE: readonly Column<NodePlacement['loadBalancers'][number]>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'TENANT', of: ({ tenantId }) => tenantId },
  { head: 'STATE', of: ({ state }) => state },
];

const OF_LOAD_BALANCER: readonly Column<LoadBalancerPlacement['nodes'][number]>[] = [
  { head: 'NODE', of: ({ node }) => node },
  { head: 'ZONE', of: ({ zone }) => zone },
  { head: 'STATE', of: ({ state, online }) => (online ? state : 'offline') },
];

export function cordon(call: Call) {
  return withSession(call, async (session) => {
    const done = await session.client.cordonNode({ params: params(call) });
    await tell(session, call, done, `Node ${done.id} is cordoned: it keeps what it has, and gets nothing new.`);
  });
}

export function uncordon(call: Call) {
  return withSession(call, async (session) => {
    const done = await session.client.uncordonNode({ params: params(call) });
    await tell(session, call, done, `Node ${done.id} is in use.`);
  });
}

export function drain(call: Call) {
  return withSession(call, async (session) => {
    const { deadline, force = false } = call.options as { readonly deadline: number; readonly force?: boolean };
    const done = await session.client.drainNode({ params: params(call), body: { deadline, force } });
    const options = { ...call.options, timeout: deadline + NODE_TAKE_OVER };
    await written(session, done, `Node ${done.id} is being drained.`, done.operationId, options);
  });
}

function tell(session: Session, call: Call, done: NodeDutyWritten, message: string): Promise<void> {
  return written(session, done, message, done.operationId, call.options);
}

/** Nodes that have nothing of a load balancer acknowledge its creation as well. */
export async function sayIfNowhere(
  session: Session,
  { id, region, zones }: Pick<LoadBalancer, 'id' | 'region' | 'zones'>,
): Promise<void> {
  const { nodes } = await session.client.getLoadBalancerPlacement({ params: { loadBalancerId: id } });
  if (nodes.length > 0) return;
  const where =
    zones.length === 0 ? `region ${region}` : `${zones.length === 1 ? 'zone' : 'zones'} ${zones.join(', ')}`;
  say(session, `It is on none of them: no node of ${where} takes load balancers now ("evenkeel node list").`);
}

/** What a node has, for people. */
export async function nodePlacementText({ client, paint }: Session, nodeId: string): Promise<string> {
  const {
    duty,
    drain,
    region,
    zone,
    zoneKnown,
    loadBalancers,
    count: all,
  } = await client.getNodePlacement({
    params: { nodeId },
  });
  const where = zoneKnown ? `zone ${zone} of region ${region}` : `zone ${zone}, which nobody has created`;
  const now = drain === null || drain.state === 'drained' ? duty : 'being drained';
  const lines = [`It is ${now}, in ${where}.`];
  if (drain !== null) lines.push(drainText(drain));
  if (all > SHOWN) lines.push(`It has ${count(all, 'load balancer')}; these are the first.`);
  const shown = loadBalancers.slice(0, SHOWN);
  const list = shown.length === 0 ? '' : `\n${titled('load balancers', table(ON_NODE, shown, paint), paint)}`;
  return `\n${titled('placement', `${lines.join('\n')}\n`, paint)}${list}`;
}

type Drain = NonNullable<NodePlacement['drain']>;

export function drainText({ state, waitsFor, connections, kernelFlows, deadline }: Drain): string {
  // A control plane of an older version says nothing of them.
  const inKernel = kernelFlows
    ? ` About ${count(kernelFlows, 'flow')} in its kernel go on through other nodes then.`
    : '';
  switch (state) {
    case 'moving':
      return waitsFor.length === 0
        ? `Others have taken over; it is about to let go.${inKernel}`
        : `Its drain waits for ${waitsFor.join(', ')} to take over.${inKernel}`;
    case 'draining':
      return `It takes nothing new; connections left: ${connections ?? 'unknown'}, until ${deadline}.`;
    case 'drained':
      return connections === null || connections === 0
        ? 'It is done.'
        : `It is over; ${count(connections, 'connection')} left.`;
  }
}

/** The nodes that have a load balancer, as a table. */
export async function loadBalancerPlacementText({ client, paint }: Session, loadBalancerId: string): Promise<string> {
  const { nodes } = await client.getLoadBalancerPlacement({ params: { loadBalancerId } });
  return nodes.length === 0 ? '' : `\n${titled('nodes', table(OF_LOAD_BALANCER, nodes, paint), paint)}`;
}

function params(call: Call): { readonly nodeId: string } {
  const nodeId = call.args[0] as string;
  if (nodeId === '') throw notFound('node', nodeId);
  return { nodeId };
}
