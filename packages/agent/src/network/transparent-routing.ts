import { isIPv6 } from 'node:net';

/** What a node needs to know to route for transparent services. */
export interface TransparentRouting {
  /** CIDR blocks of the targets. */
  readonly targets: readonly string[];
  /** Ports that the targets are asked on. */
  readonly ports: readonly number[];
  /** Routing table that is this alone's, and the preference of its rules. */
  readonly table: number;
}

/**
 * The `ip` commands (iproute2) by which the targets' answers to foreign addresses reach this node's own sockets: packets
 * that come from the targets' ports are looked up in a table in which every address is local. A command is the list of
 * its arguments. Adding twice fails on the rules, so `remove` is to be run before, and its failures do not count.
 */
export function addCommands({ targets, ports, table }: TransparentRouting): string[][] {
  return [...new Set(targets.map(familyOf))]
    .map((family) => [family, 'route', 'replace', 'local', 'default', 'dev', 'lo', 'table', `${table}`])
    .concat(rules('add', targets, ports, table));
}

export function removeCommands({ targets, ports, table }: TransparentRouting): string[][] {
  return rules('del', targets, ports, table);
}

function rules(verb: string, targets: readonly string[], ports: readonly number[], table: number): string[][] {
  return targets.flatMap((target) =>
    ports.map((port) => [
      familyOf(target),
      'rule',
      verb,
      'from',
      target,
      'ipproto',
      'tcp',
      'sport',
      `${port}`,
      'lookup',
      `${table}`,
      'pref',
      `${table}`,
    ]),
  );
}

function familyOf(block: string): '-4' | '-6' {
  return isIPv6(block.split('/')[0] ?? '') ? '-6' : '-4';
}
