import type { PlannedHost, PlannedRule, PlannedRuleGroup, RuleOrder } from '@evenkeel/model/plan/rules.ts';
import type { RoutedRequest } from './condition/condition.ts';
import { conditionsOf } from './condition/conditions.ts';
import { HostIndex, type HostPattern } from './index/host-index.ts';
import { type PathEntry, type PathHit, PathIndex } from './index/path-index.ts';
import type { Matched } from './rule.ts';

/** Where the parts of a request lie that rules are found by. */
export interface RoutePlace {
  readonly hostStart: number;
  readonly hostEnd: number;
  readonly pathStart: number;
  readonly pathEnd: number;
}

const LAST = Number.POSITIVE_INFINITY;

/**
 * The rules of a rule group, compiled: asked once per request for the rule that applies. Immutable; what a request costs
 * does not grow with the number of hosts, paths and rules, but with the rules that ask for the same host and path, and
 * with the regular expressions of the hosts that fit.
 */
export class Router<R> {
  readonly order: RuleOrder;
  readonly #hosts: HostIndex;
  /** By group of `#hosts`. */
  readonly #paths: readonly PathIndex<R>[];

  /** `rules` are those of the group, in its order, as what the caller makes of them. */
  constructor(group: PlannedRuleGroup, rules: readonly R[]) {
    this.order = group.order;
    const hosts = new Map<string, { readonly pattern: HostPattern; readonly entries: PathEntry<R>[] }>();
    for (const [index, planned] of inOrder(group.rules)) {
      const matched: Matched<R> = {
        priority: planned.priority,
        conditions: conditionsOf(planned.match),
        rule: rules[index]!,
      };
      for (const pattern of hostsOf(planned.match.hosts)) {
        const name = `${pattern.kind} ${pattern.value}`;
        const host = hosts.get(name) ?? { pattern, entries: [] };
        hosts.set(name, host);
        if (planned.match.paths.length === 0) host.entries.push({ path: null, matched });
        for (const path of planned.match.paths) host.entries.push({ path, matched });
      }
    }
    this.#hosts = new HostIndex(Array.from(hosts.values(), ({ pattern }) => pattern));
    this.#paths = Array.from(hosts.values(), ({ entries }) => new PathIndex(entries));
  }

  /** The rule for a request, in `hit`; false: there is none. */
  route(request: RoutedRequest, { hostStart, hostEnd, pathStart, pathEnd }: RoutePlace, hit: PathHit<R>): boolean {
    const hosts = this.#hosts;
    hosts.find(request.memory, hostStart, hostEnd);
    const byPriority = this.order === 'priority';
    const stays = this.order === 'stay-in-host';
    let below = LAST;
    for (let i = 0; i < hosts.count; i++) {
      const paths = this.#paths[hosts.found[i]!]!;
      const found = paths.find(request, pathStart, pathEnd, below, byPriority, stays, hit);
      if (stays || (found && !byPriority)) return found;
      if (found && hit.matched !== null) below = hit.matched.priority;
    }
    return below !== LAST;
  }
}

/** The rules by priority, each with its place. */
function inOrder(rules: readonly PlannedRule[]): (readonly [number, PlannedRule])[] {
  return [...rules.entries()].sort(([, a], [, b]) => a.priority - b.priority);
}

function hostsOf(hosts: readonly PlannedHost[]): readonly HostPattern[] {
  return hosts.length === 0 ? [{ kind: 'any', value: '' }] : hosts;
}
