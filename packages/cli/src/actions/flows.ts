import type { Client } from '@evenkeel/client/client.ts';
import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Flow, Flows, WatchedListener } from '@evenkeel/model/resources/flow.ts';
import type { Call } from '../commands/call.ts';
import { type Column, table } from '../output/table.ts';
import { NOTHING } from '../output/text.ts';
import { Names, placeOf } from './columns.ts';
import { listeners } from './kinds.ts';
import { resolvePart } from './reference.ts';
import { print, type Session, withSession } from './session.ts';

/** Services whose targets are asked for by name; of others, the identifiers are shown. */
const NAMED_SERVICES = 20;

export function listFlows(call: Call) {
  return withSession(call, async (session) => {
    const { lb, top, target: targetId, client, limit } = call.options;
    const [name] = call.args as [string | undefined];
    const listener = name === undefined ? undefined : await resolvePart(session, listeners, name, lb);
    const query = { listenerId: listener?.id, targetId, client, limit, order: top ? 'top' : undefined };
    const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
    const answer = await session.client.listFlows({ query: given });
    const names = session.form === 'text' ? await namesIn(session.client, answer) : new Map<string, string>();
    const ids = answer.flows.map((flow) => `${flow.protocol} ${from(flow)} ${to(flow)}`);
    print(session, { json: answer, ids, text: () => flowsText(session, answer, names, top === true) });
  });
}

function flowsText({ paint }: Session, answer: Flows, names: ReadonlyMap<string, string>, top: boolean): string {
  const seenAs = answer.flows.some(({ nodePort }) => nodePort != null) ? [asTargetsSeeIt] : [];
  const columns = [...places(names), ...seenAs, ...(top ? rates : states)];
  const flows = answer.flows.length > 0 ? table(columns, answer.flows, paint) : 'No flows are known in the kernel.\n';
  const told = answer.listeners.map((one) => `${summary(one, names)}\n`);
  const silent = answer.nodes.filter(({ answered }) => !answered).map(({ problem }) => `${problem}\n`);
  return [flows, ...(told.length + silent.length > 0 ? ['\n'] : []), ...told, ...silent].join('');
}

/** How the flows of a listener are known, in a sentence. */
function summary(one: WatchedListener, names: ReadonlyMap<string, string>): string {
  const { node, listenerId, datapath, activeFlows, activeFlowsError: error, sampledOneIn } = one;
  const name = `${names.get(listenerId) ?? listenerId} on ${node}`;
  if (datapath === 'userspace') return `${name}: in the proxy, which does not list its ${activeFlows} active flows.`;
  if (sampledOneIn === 1) return `${name}: ${activeFlows} active flows.`;
  return `${name}: ${activeFlows} ± ${error} active flows, of which one in ${sampledOneIn} is listed.`;
}

const from = ({ client, clientPort }: Flow) => placeOf({ address: client, port: clientPort });
const to = ({ vip, vipPort }: Flow) => placeOf({ address: vip, port: vipPort });

const places = (names: ReadonlyMap<string, string>): Column<Flow>[] => [
  { head: 'NODE', of: ({ node }) => node },
  { head: 'PROTOCOL', of: ({ protocol }) => protocol },
  { head: 'CLIENT', of: from },
  { head: 'TO', of: to },
  { head: 'TARGET', of: ({ targetId }) => names.get(targetId) ?? targetId },
];

/** By source NAT: what stands in the logs of the target. */
const asTargetsSeeIt: Column<Flow> = {
  head: 'SEEN AS',
  of: ({ nodeAddress, nodePort }) =>
    nodeAddress == null || nodePort == null ? NOTHING : placeOf({ address: nodeAddress, port: nodePort }),
};

const states: Column<Flow>[] = [
  { head: 'STATE', of: ({ state }) => state },
  { head: 'IDLE', of: ({ idleSeconds }) => (idleSeconds === null ? NOTHING : `${idleSeconds} s`) },
  { head: 'PACKETS', of: ({ packets }) => packets },
  { head: 'BYTES', of: ({ bytes }) => bytes },
  { head: 'WRITTEN DOWN', of: ({ writtenDown }) => (writtenDown ? 'yes' : 'no') },
];

const rates: Column<Flow>[] = [
  { head: 'BYTES/S', of: ({ bytesPerSecond }) => rounded(bytesPerSecond) },
  { head: 'PACKETS/S', of: ({ packetsPerSecond }) => rounded(packetsPerSecond) },
];

function rounded(rate: number | null): number | null {
  return rate === null ? null : Number(rate.toPrecision(3));
}

/** Addresses of targets and names of listeners in the answer, by their identifiers. */
async function namesIn(client: Client, { flows, listeners: told }: Flows): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const services = [...new Set(flows.map(({ backendServiceId }) => backendServiceId))];
  const groups = await Promise.all(services.slice(0, NAMED_SERVICES).map((id) => groupOf(client, id)));
  for (const targetGroupId of new Set(groups)) {
    if (targetGroupId === null) continue;
    const query = { limit: PAGE.maximum };
    for await (const target of items(client.listTargets, { params: { targetGroupId }, query })) {
      names.set(target.id, placeOf(target));
    }
  }
  if (told.length > 0) {
    const balancers = await Names.load(client, 'listLoadBalancers');
    for await (const { id, name, loadBalancerId } of items(client.listListeners, { query: { limit: PAGE.maximum } })) {
      names.set(id, `${balancers.of(loadBalancerId)}/${name}`);
    }
  }
  return names;
}

/** null: it is gone meanwhile, or has none. */
async function groupOf(client: Client, backendServiceId: string): Promise<string | null> {
  try {
    return (await client.getBackendService({ params: { backendServiceId } })).targetGroupId;
  } catch (error) {
    if ((error as { code?: string }).code === 'resource-not-found') return null;
    throw error;
  }
}
