import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { PlannedSecurityGroup, PlannedSourceRule } from '@evenkeel/model/plan/sources.ts';
import { CidrSet } from '../source-address/cidr-set.ts';
import type { IpAddress } from '../source-address/ip-address.ts';
import type { BlockReader } from './block-reader.ts';
import type { DenialReader } from './denial-reader.ts';
import { resolvePrefixes, type SourceList } from './prefixes.ts';
import { ADMITTED, Refusal, type Verdict } from './refusal.ts';
import { VerdictTable } from './verdict-table.ts';

export type Transport = 'tcp' | 'udp';

/** A group by its identifier; undefined: there is none. */
export type GroupFinder = (id: string) => PlannedSecurityGroup | undefined;

/** Lists beside the plan, where there are any. */
export interface ListReaders {
  /** Of the tenant. */
  readonly blocked: BlockReader | null;
  /** Of the installation. */
  readonly denials: DenialReader | null;
}

const NO_LISTS: ListReaders = { blocked: null, denials: null };

/** Who asks, and for what: a connection, or the first datagram of a session. */
export interface Ends {
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** As the client asked for it, which nobody has to know unless the rules differ from port to port. */
  readonly localPort: number;
}

/** What says who may connect: the plan, and the lists. null: everybody may. */
export function sourceGateOf(
  planned: PlannedListener,
  groupOf: GroupFinder,
  lists: ListReaders = NO_LISTS,
): SourceGate | null {
  const { securityGroups, allowedSources } = planned;
  const isOpen = securityGroups === undefined && allowedSources === undefined;
  return isOpen && lists.blocked === null && lists.denials === null ? null : new SourceGate(planned, groupOf, lists);
}

/**
 * Who may connect to a listener, by the security groups of its load balancer and by its own list. Compiled when the first
 * connection asks: a group may be that of a thousand listeners.
 */
export class SourceGate {
  readonly #planned: PlannedListener;
  readonly #groups: readonly (PlannedSecurityGroup | undefined)[];
  readonly #lists: ListReaders;
  readonly #ways: { [T in Transport]: Way | null } = { tcp: null, udp: null };

  constructor(planned: PlannedListener, groupOf: GroupFinder, lists: ListReaders) {
    this.#lists = lists;
    this.#planned = planned;
    this.#groups = (planned.securityGroups ?? []).map(groupOf);
  }

  /** What the lists say of an address; of clients, too, that a trusted proxy announces. */
  listed(address: IpAddress): Verdict {
    const { blocked, denials } = this.#lists;
    if (denials?.has(address) === true) return Refusal.denyList;
    return blocked?.has(address) === true ? Refusal.blockList : ADMITTED;
  }

  verdict(transport: Transport, address: IpAddress, end: Ends): Verdict {
    const { blocked, denials } = this.#lists;
    // Whoever asks from the address that is asked for is this machine.
    if (denials?.has(address) === true && end.remoteAddress !== end.localAddress) return Refusal.denyList;
    if (blocked?.has(address) === true) return Refusal.blockList;
    this.#ways[transport] ??= wayOf(this.#planned, this.#groups, transport);
    const { table, portRules } = this.#ways[transport];
    if (portRules !== null) {
      const verdict = byPort(portRules, address, end.localPort);
      if (verdict !== ADMITTED) return verdict;
    }
    return table === null ? ADMITTED : table.of(address);
  }
}

interface Way {
  /** What holds for all ports of the listener. */
  readonly table: VerdictTable | null;
  /** Rules of which some are not for all of them, the first that fits decides; null: all are. */
  readonly portRules: readonly PortRule[] | null;
}

interface PortRule {
  readonly firstPort: number;
  readonly lastPort: number;
  readonly sources: CidrSet;
  readonly allows: boolean;
}

function wayOf(
  planned: PlannedListener,
  groups: readonly (PlannedSecurityGroup | undefined)[],
  transport: Transport,
): Way {
  const { rules, areWhole } = rulesFor(planned, groups, transport);
  const lists = sourceLists(planned, areWhole ? rules : null);
  return {
    table: lists.length === 0 ? null : new VerdictTable(resolvePrefixes(lists)),
    portRules: areWhole
      ? null
      : rules.map(({ firstPort, lastPort, source, allows }) => {
          return { firstPort, lastPort, allows, sources: new CidrSet([source]) };
        }),
  };
}

/** What is asked of the sources of a listener. `groupRules` in order; null: they are asked otherwise. */
export function sourceLists(
  { securityGroups, allowedSources }: PlannedListener,
  groupRules: readonly PlannedSourceRule[] | null,
): SourceList[] {
  const lists: SourceList[] = [];
  if (securityGroups !== undefined && groupRules !== null) {
    lists.push({ rules: groupRules, refusal: Refusal.securityGroup });
  }
  if (allowedSources !== undefined) {
    const rules = allowedSources.map((source) => ({ allows: true, source }));
    lists.push({ rules, refusal: Refusal.allowedSources });
  }
  return lists;
}

/**
 * The rules of the groups that are about this listener, the one that decides first; and whether each is for all of its
 * ports. A group that is not there has no rules: nobody is let in for want of it.
 */
export function rulesFor(
  { port, lastPort = port }: PlannedListener,
  groups: readonly (PlannedSecurityGroup | undefined)[],
  transport: Transport,
): { rules: PlannedSourceRule[]; areWhole: boolean } {
  const rules = groups
    .flatMap((group) => group?.rules ?? [])
    .filter((rule) => rule.protocol === 'all' || rule.protocol === transport)
    .filter((rule) => rule.firstPort <= lastPort && rule.lastPort >= port)
    .sort((a, b) => a.priority - b.priority || Number(a.allows) - Number(b.allows));
  return { rules, areWhole: rules.every((rule) => rule.firstPort <= port && rule.lastPort >= lastPort) };
}

function byPort(rules: readonly PortRule[], address: IpAddress, port: number): Verdict {
  for (const { firstPort, lastPort, sources, allows } of rules) {
    if (port < firstPort || port > lastPort || !sources.has(address)) continue;
    return allows ? ADMITTED : Refusal.securityGroup;
  }
  return Refusal.securityGroup;
}
