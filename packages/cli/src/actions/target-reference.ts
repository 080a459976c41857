import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Target } from '@evenkeel/model/resources/target.ts';
import type { TargetGroup } from '@evenkeel/model/resources/target-group.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { placeOf } from './columns.ts';
import { concurrently } from './concurrently.ts';
import { loadBalancers, targetGroups } from './kinds.ts';
import { ambiguous, isIdOf, notFound, resolve, resolvePart } from './reference.ts';
import type { Session } from './session.ts';

export interface TargetScope {
  /** Target group: identifier, name or load balancer/name. */
  readonly group?: string;
  /** Load balancer: identifier or name. */
  readonly lb?: string;
}

/**
 * Finds targets by identifier, `address:port`, address, name, or `group/…` of these. The API keeps targets within their
 * groups; where no group is named, all groups (of the load balancer, if one is named) are looked through.
 */
export class TargetFinder {
  readonly #session: Session;
  readonly #scope: TargetScope;
  readonly #targets = new Map<string, Promise<Target[]>>();

  constructor(session: Session, scope: TargetScope) {
    this.#session = session;
    this.#scope = scope;
  }

  async find(text: string): Promise<Target> {
    const slash = text.lastIndexOf('/');
    const wanted = text.slice(slash + 1);
    const isId = isIdOf('target', wanted);
    const groups = await this.#groups(slash < 0 ? undefined : text.slice(0, slash));
    const matches = (target: Target) => (isId ? target.id === wanted : isNamed(target, wanted));
    const perGroup = await concurrently(groups, async (group) => {
      const targets = await this.#targetsOf(group.id);
      return targets.filter(matches).map((target) => ({ group, target }));
    });
    const found = perGroup.flat();
    // The very place or name before an address that several ports share.
    const exact = found.filter(({ target }) => placeOf(target) === wanted || target.name === wanted);
    const candidates = exact.length > 0 ? exact : found;
    if (candidates.length === 0) throw notFound('target', text);
    if (candidates.length === 1) return candidates[0].target;
    throw ambiguous(
      'target',
      text,
      candidates.map(({ group, target }) => `${group.name}/${placeOf(target)} (${target.id})`),
    );
  }

  /** Finds all of them, and makes sure that one call can change them. */
  async findInOneGroup(
    texts: readonly string[],
  ): Promise<{ readonly targetGroupId: string; readonly targets: Target[] }> {
    const found = new Map<string, Target>();
    for (const text of texts) {
      const target = await this.find(text);
      found.set(target.id, target);
    }
    const targets = [...found.values()];
    const [{ targetGroupId }] = targets;
    if (targets.every((target) => target.targetGroupId === targetGroupId)) return { targetGroupId, targets };
    throw new CliFailure(EXIT.usage, 'the targets are in several groups: change one group at a time.');
  }

  /** All targets of the scope, group by group; only those with the address, if one is given. */
  async all(address: string | undefined): Promise<Target[]> {
    const { client } = this.#session;
    const query = { limit: PAGE.maximum, ...(address !== undefined && { address }) };
    const perGroup = await concurrently(await this.#groups(undefined), ({ id: targetGroupId }) =>
      Array.fromAsync(items(client.listTargets, { params: { targetGroupId }, query })),
    );
    return perGroup.flat();
  }

  async #groups(named: string | undefined): Promise<readonly TargetGroup[]> {
    const { group = named, lb } = this.#scope;
    if (group !== undefined) return [await resolvePart(this.#session, targetGroups, group, lb)];
    const { client } = this.#session;
    const query = {
      limit: PAGE.maximum,
      ...(lb !== undefined && { loadBalancerId: (await resolve(this.#session, loadBalancers, lb)).id }),
    };
    return Array.fromAsync(items(client.listTargetGroups, { query }));
  }

  #targetsOf(targetGroupId: string): Promise<Target[]> {
    let targets = this.#targets.get(targetGroupId);
    if (targets === undefined) {
      const { client } = this.#session;
      targets = Array.fromAsync(
        items(client.listTargets, { params: { targetGroupId }, query: { limit: PAGE.maximum } }),
      );
      this.#targets.set(targetGroupId, targets);
    }
    return targets;
  }
}

function isNamed(target: Target, text: string): boolean {
  return placeOf(target) === text || target.address === text || target.name === text;
}
