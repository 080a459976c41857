import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { IdleLoadBalancer } from '@evenkeel/model/resources/idle-load-balancer.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Column } from '../output/table.ts';
import { count } from '../output/text.ts';
import { confirm, mustAsk } from './remove.ts';
import { printList, type Session, withSession } from './session.ts';
import { writtenAll } from './write.ts';

const columns: Column<IdleLoadBalancer>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ loadBalancerId }) => loadBalancerId },
  { head: 'REASON', of: ({ reason }) => reason },
  { head: 'DAYS', of: ({ days }) => days },
  { head: 'QUIET SINCE', of: ({ quietSince }) => quietSince },
  { head: 'PROTECTED', of: ({ deletionProtection }) => (deletionProtection ? 'yes' : 'no') },
];

interface Options {
  readonly days?: number;
  readonly reason?: IdleLoadBalancer['reason'];
  readonly delete?: readonly string[];
}

/** Lists load balancers that do nothing, or deletes some of them. */
export function idle(call: Call) {
  return withSession(call, async (session) => {
    const { days, reason, delete: names } = call.options as Options;
    const query = { limit: PAGE.maximum, ...(days !== undefined && { days }), ...(reason && { reason }) };
    const all = await Array.fromAsync(items(session.client.listIdleLoadBalancers, { query }));
    if (names === undefined) printList(session, all, columns, ({ loadBalancerId }) => loadBalancerId);
    else await remove(session, call, chosen(all, names));
  });
}

/** Those of the idle ones that are named, by name or identifier. */
function chosen(all: readonly IdleLoadBalancer[], names: readonly string[]): readonly IdleLoadBalancer[] {
  if (names.length === 1 && names[0] === 'all') return all;
  return names.map((text) => {
    const found = all.find(({ name, loadBalancerId }) => name === text || loadBalancerId === text);
    if (found === undefined) throw new CliFailure(EXIT.notFound, `there is no idle load balancer "${text}".`);
    return found;
  });
}

async function remove(session: Session, call: Call, idle: readonly IdleLoadBalancer[]): Promise<void> {
  if (idle.length === 0) throw new CliFailure(EXIT.notFound, 'there is no idle load balancer.');
  const lines = idle.map(({ name, loadBalancerId, reason }) => `  ${name} (${loadBalancerId}), ${reason}`);
  if (mustAsk(session.io, call)) await confirm(session.io, `Delete load balancers\n${lines.join('\n')}`);
  const body = {
    loadBalancerIds: idle.map(({ loadBalancerId }) => loadBalancerId),
    force: call.options.force === true,
    releaseElasticIp: call.options.releaseEip === true,
  };
  const done = await session.client.deleteLoadBalancers({ body });
  const message = `${count(idle.length, 'load balancer')} deleted.`;
  await writtenAll(session, done, done.deleted, message, call.options);
}
