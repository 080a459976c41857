import type { PlannedHost, PlannedRule, RuleOrder } from '@evenkeel/model/plan/rules.ts';
import type { FieldNote } from '../http1/fields.ts';
import type { RoutedRequest } from './condition/condition.ts';
import { conditionsOf } from './condition/conditions.ts';
import { HostIndex, type HostPattern } from './index/host-index.ts';
import { type PathEntry, type PathHit, PathIndex } from './index/path-index.ts';
import { MOST_IN_LIST, PathLists } from './index/path-lists.ts';
import { settledWording } from './request/settled-wording.ts';
import type { Matched } from './rule.ts';
import type { Steps } from './steps.ts';

/** Where the parts of a request lie that rules are found by. */
export interface RoutePlace {
  readonly hostStart: number;
  readonly hostEnd: number;
  readonly pathStart: number;
  readonly pathEnd: number;
}

/** What a rule is found by. */
export type FoundBy = Pick<PlannedRule, 'priority' | 'match'>;

const LAST = Number.POSITIVE_INFINITY;

/** Routers that were made on this thread: each has a number of its own. */
let made = 0;

/** Hosts that a Host field was found to be, the best first. */
class HostNote implements FieldNote {
  readonly owner: number;
  readonly groups: Int32Array;

  constructor(owner: number, groups: Int32Array) {
    this.owner = owner;
    this.groups = groups;
  }
}

/**
 * The rules of a rule group, compiled: asked once per request for the rule that applies. Immutable; what a request costs
 * does not grow with the number of hosts, paths and rules, but with the rules that ask for the same host and path, and
 * with the regular expressions of the hosts that fit.
 */
export class Router<R> {
  readonly order: RuleOrder;
  readonly #number = ++made;
  /** Hosts that `#groupsOf` has found. */
  #count = 0;
  readonly #hosts: HostIndex;
  /** By group of `#hosts`; null: its paths are in `#lists`. */
  readonly #indexes: readonly (PathIndex<R> | null)[];
  readonly #lists: PathLists<R>;

  private constructor(
    order: RuleOrder,
    hosts: HostIndex,
    indexes: readonly (PathIndex<R> | null)[],
    lists: PathLists<R>,
  ) {
    this.order = order;
    this.#hosts = hosts;
    this.#indexes = indexes;
    this.#lists = lists;
  }

  /** `rules` are those of the group, in its order, as what the caller makes of them. */
  static *compile<R>(
    group: { readonly order: RuleOrder; readonly rules: readonly FoundBy[] },
    rules: readonly R[],
  ): Steps<Router<R>> {
    const hosts = new Map<string, { readonly pattern: HostPattern; readonly entries: PathEntry<R>[] }>();
    for (const index of inOrder(group.rules)) {
      yield;
      const planned = group.rules[index]!;
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
        for (const path of planned.match.paths) host.entries.push({ path: settledWording(path), matched });
      }
    }
    const names = yield* HostIndex.compile(Array.from(hosts.values(), ({ pattern }) => pattern));
    const indexes: (PathIndex<R> | null)[] = [];
    const short: (readonly PathEntry<R>[])[] = [];
    for (const { entries } of hosts.values()) {
      const isListed = isShort(entries, group.order);
      indexes.push(isListed ? null : yield* PathIndex.compile(entries));
      short.push(isListed ? entries : []);
      yield;
    }
    return new Router(group.order, names, indexes, yield* PathLists.compile(short));
  }

  /** The rule for a request, in `hit`; false: there is none. */
  route(request: RoutedRequest, { hostStart, hostEnd, pathStart, pathEnd }: RoutePlace, hit: PathHit<R>): boolean {
    const groups = this.#groupsOf(request, hostStart, hostEnd);
    const count = this.#count;
    const byPriority = this.order === 'priority';
    const stays = this.order === 'stay-in-host';
    let below = LAST;
    for (let i = 0; i < count; i++) {
      const host = groups[i]!;
      const index = this.#indexes[host]!;
      const found =
        index === null
          ? this.#lists.find(host, request, pathStart, pathEnd, below, byPriority, hit)
          : index.find(request, pathStart, pathEnd, below, byPriority, stays, hit);
      if (stays || (found && !byPriority)) return found;
      if (found && hit.matched !== null) below = hit.matched.priority;
    }
    return below !== LAST;
  }

  /**
   * The hosts that the request's Host memory[hostStart, hostEnd) is, `#count` of them. Looked up once for fields that are
   * kept.
   */
  #groupsOf({ memory, head: { fields } }: RoutedRequest, hostStart: number, hostEnd: number): Int32Array {
    const note = fields.hostNote;
    if (note instanceof HostNote && note.owner === this.#number) {
      this.#count = note.groups.length;
      return note.groups;
    }
    const hosts = this.#hosts;
    hosts.find(memory, hostStart, hostEnd);
    this.#count = hosts.count;
    if (fields.isKept) fields.hostNote = new HostNote(this.#number, hosts.found.slice(0, hosts.count));
    return hosts.found;
  }
}

/** Whether the paths of a host are looked at one by one: there are few, and no slash can be missing. */
function isShort(entries: readonly PathEntry<unknown>[], order: RuleOrder): boolean {
  const slashes =
    order === 'stay-in-host' && entries.some(({ path }) => path?.kind === 'prefix' && path.value.endsWith('/'));
  return entries.length <= MOST_IN_LIST && !slashes;
}

/** Places of the rules, by priority and then as they stand. Sorted as numbers: of ten thousand, within a millisecond. */
function inOrder(rules: readonly FoundBy[]): Float64Array {
  const { length } = rules;
  const ranks = Float64Array.from(rules, ({ priority }, index) => priority * length + index);
  return ranks.sort().map((rank) => rank % length);
}

function hostsOf(hosts: readonly PlannedHost[]): readonly HostPattern[] {
  return hosts.length === 0 ? [{ kind: 'any', value: '' }] : hosts;
}
