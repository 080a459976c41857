import type { ObjectChange } from '@evenkeel/model/resources/document.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { LoadBalancerDeletion } from '@evenkeel/model/resources/load-balancer-deletion.ts';
import type { Call } from '../commands/call.ts';
import { changesText, revisedText } from '../document/changes.ts';
import { impactText } from '../document/impact.ts';
import { EXIT } from '../exit-codes.ts';
import { wordsOf } from '../explain.ts';
import { count, oneLine } from '../output/text.ts';
import { loadBalancers } from './kinds.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { print, type Session, withSession } from './session.ts';
import { precondition } from './write.ts';

/** Names of each kind in the question before a deletion. */
const NAMED = 3;

/** Deletes load balancers, or with `--dry-run` shows what would go. Resolves with the exit code. */
export async function remove(call: Call): Promise<number> {
  if (call.options.dryRun === true) return preview(call);
  await withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'load balancer',
      find: (text) => resolve(session, loadBalancers, text),
      describe: async (lb) => describe(lb, await deletionOf(session, lb, call)),
      remove: ({ id }) =>
        session.client.deleteLoadBalancer({
          params: { loadBalancerId: id },
          query: queryOf(call),
          ...precondition(call.options),
        }),
    }),
  );
  return EXIT.ok;
}

async function preview(call: Call): Promise<number> {
  await withSession(call, async (session) => {
    const found: LoadBalancer[] = [];
    for (const text of new Set(call.args[0] as readonly string[]))
      found.push(await resolve(session, loadBalancers, text));
    const shown: LoadBalancerDeletion[] = [];
    for (const lb of found) shown.push(await deletionOf(session, lb, call));
    print(session, {
      json: shown.length === 1 ? shown[0] : shown,
      ids: shown.map(({ loadBalancerId }) => loadBalancerId),
      text: () => shown.map((one) => textOf(session, one)).join('\n'),
    });
  });
  return EXIT.differences;
}

function deletionOf({ client }: Session, { id }: LoadBalancer, call: Call): Promise<LoadBalancerDeletion> {
  return client.getLoadBalancerDeletion({ params: { loadBalancerId: id }, query: queryOf(call) });
}

function queryOf({ options }: Call): { force?: boolean; releaseElasticIp?: boolean } {
  return {
    ...(options.force === true && { force: true }),
    ...(options.releaseEip === true && { releaseElasticIp: true }),
  };
}

function textOf({ paint }: Session, { changes, summary, hindrances, impact }: LoadBalancerDeletion): string {
  const refused = hindrances.map(({ detail }) => `${paint('red', `! refused: ${oneLine(detail)}`)}\n`);
  const what = `${changesText({ changes }, paint)}${revisedText({ summary, dryRun: true })}\n`;
  return `${what}${refused.join('')}${impactText(impact, paint)}`;
}

/** One line for the question on a terminal: what goes by kind and name, and what is under way. */
function describe({ name, id }: LoadBalancer, { changes, summary, hindrances, impact }: LoadBalancerDeletion): string {
  const inside = changes.filter(({ kind, action }) => action === 'deleted' && kind !== 'loadBalancer');
  const kinds = Map.groupBy(inside, ({ kind }) => kind);
  const parts = [...kinds].map(([kind, those]) => `${count(those.length, wordsOf(kind))} (${listed(those)})`);
  const kept = changes.filter(({ kind, action }) => kind === 'elasticIp' && action === 'updated');
  const open = impact.touched === 0 ? null : impact.connections;
  const connections = open === null ? [] : [count(open, 'open connection')];
  const rest = [
    ...kept.map((eip) => `elastic IP ${oneLine(eip.name)} is kept`),
    ...hindrances.map(({ detail }) => detail),
  ];
  // Those beyond what one answer shows.
  const more = summary.deleted - inside.length - 1;
  const all = [...parts, ...(more > 0 ? [`${more} more`] : []), ...connections].join(', ');
  return [`${name} (${id})${all === '' ? '' : ` with ${all}`}`, ...rest.map(oneLine)].join('; ');
}

function listed(changes: readonly ObjectChange[]): string {
  const names = changes.slice(0, NAMED).map(({ name }) => oneLine(name));
  return [...names, ...(changes.length > NAMED ? ['…'] : [])].join(', ');
}
