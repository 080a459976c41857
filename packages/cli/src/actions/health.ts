import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { TargetHealth } from '@evenkeel/model/resources/target-health.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { type Column, table } from '../output/table.ts';
import { Names, placeOf } from './columns.ts';
import { showEvidence } from './health-evidence.ts';
import { backendServices, loadBalancers } from './kinds.ts';
import { notFound, resolve, resolvePart } from './reference.ts';
import { print, type Session, withSession } from './session.ts';

export function health(call: Call) {
  return withSession(call, async (session) => {
    const { lb, state, evidence, target } = call.options;
    const [what] = call.args as [string | undefined];
    if (evidence) {
      await showEvidence(session, what, lb, target);
      return;
    }
    const query = { limit: PAGE.maximum, ...(state && { state }), ...(await scopeOf(session, what, lb)) };
    const listed = await Array.fromAsync(items(session.client.listTargetHealth, { query }));
    const all = target === undefined ? listed : ofTarget(listed, target);
    const names =
      session.form === 'text'
        ? await Names.load(session.client, 'listLoadBalancers', 'listBackendServices')
        : new Names();
    print(session, {
      json: all,
      ids: all.map(({ targetId }) => targetId),
      text: () => table(columns(names), all, session.paint) + flappingText(all, names),
    });
  });
}

/** Those that an identifier, an address, or an address with its port means. */
function ofTarget(all: readonly TargetHealth[], text: string): TargetHealth[] {
  const named = all.filter((one) => [one.targetId, one.address, placeOf(one)].includes(text));
  if (named.length === 0) throw notFound('target', text);
  return named;
}

/** A load balancer before a backend service, because it takes in its own service of the same name. */
async function scopeOf(session: Session, what: string | undefined, lb: string | undefined) {
  if (what === undefined)
    return lb === undefined ? {} : { loadBalancerId: (await resolve(session, loadBalancers, lb)).id };
  if (lb === undefined && !what.includes('/') && !what.startsWith('svc-')) {
    try {
      return { loadBalancerId: (await resolve(session, loadBalancers, what)).id };
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  try {
    return { backendServiceId: (await resolvePart(session, backendServices, what, lb)).id };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw notFound('load balancer or backend service', what);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof CliFailure && error.exitCode === EXIT.notFound;
}

/** A line for each target that flaps: since when it does is of less use than why. */
function flappingText(all: readonly TargetHealth[], names: Names): string {
  return all
    .filter(({ flapping }) => flapping !== null)
    .map(
      (target) =>
        `\n${names.of(target.backendServiceId)} ${placeOf(target)} is flapping: ${target.flapping!.diagnosis}\n`,
    )
    .join('');
}

function columns(names: Names): Column<TargetHealth>[] {
  return [
    { head: 'LB', of: (target) => names.of(target.loadBalancerId) },
    { head: 'SERVICE', of: (target) => names.of(target.backendServiceId) },
    { head: 'TARGET', of: (target) => placeOf(target) },
    { head: 'WEIGHT', of: (target) => target.weight },
    { head: 'STATE', of: (target) => target.state },
    { head: 'REASON', of: (target) => target.reason },
    { head: 'SINCE', of: (target) => target.since },
    { head: 'TRAFFIC', of: ({ traffic }) => trafficText(traffic) },
  ];
}

/** What is unusual about how a target stands with the traffic; null: nothing. */
function trafficText({ ejected, share, failOpen }: TargetHealth['traffic']): string | null {
  if (ejected !== null) return `ejected (${ejected.reason}) until ${ejected.until}`;
  const words = [share < 100 ? `slow start, ${share} %` : '', failOpen ? 'fail-open: all take traffic' : ''];
  return words.filter((text) => text !== '').join('; ') || null;
}
