import { checkHostPattern } from '@evenkeel/model/host-pattern.ts';
import { RULE } from '@evenkeel/model/limits.ts';
import { checked } from '../condition.ts';
import { type Findings, NotCarried } from '../findings.ts';
import type { Context } from './context.ts';
import { type Location, type LocationRule, locationsOf, rulesOfLocation, type Surroundings } from './location.ts';
import { attempt } from './upstream.ts';
import type { Directive } from './words.ts';

/** One way of naming hosts, in the order in which nginx looks for them. */
const CLASSES = ['exact', 'leading', 'trailing', 'regex', 'any'] as const;
type HostClass = (typeof CLASSES)[number];

/** Hosts of one class that a server is for; none for `any`. */
export interface HostGroup {
  readonly class: HostClass;
  readonly hosts: readonly string[];
}

/** The host names of a server, in the form of rules. Names that are none (`_`, the empty one) are for no request. */
export function hostGroupsOf(server: Context, findings: Findings): HostGroup[] {
  const groups = new Map<HostClass, string[]>();
  const add = (kind: HostClass, host: string) => groups.set(kind, [...(groups.get(kind) ?? []), host]);
  for (const directive of server.own('server_name')) {
    attempt(directive, findings, () => {
      for (const name of directive.args) {
        if (name === '_' || name === '') continue;
        if (name.startsWith('~')) add('regex', `~${checked(name.slice(1))}`);
        else if (name.startsWith('.')) {
          add('exact', legal(name.slice(1)));
          add('leading', legal(`*${name}`));
        } else if (name.startsWith('*.')) add('leading', legal(name));
        else add(name.endsWith('.*') ? 'trailing' : 'exact', legal(name));
      }
      return [];
    });
  }
  return CLASSES.flatMap((kind) => {
    const hosts = groups.get(kind) ?? [];
    return Array.from({ length: Math.ceil(hosts.length / RULE.entries) }, (_, index) => ({
      class: kind,
      hosts: hosts.slice(index * RULE.entries, (index + 1) * RULE.entries),
    }));
  });
}

export function classOrder(group: HostGroup): number {
  return CLASSES.indexOf(group.class);
}

/**
 * The rules of a server whatever the host, in the order in which nginx looks: whole paths, prefixes that are final, regular
 * expressions as they stand, other prefixes, the longest first, and everything else.
 */
export function rulesOfServer(server: Context, directive: Directive, around: Surroundings): LocationRule[] {
  const locations = locationsOf(server, around.findings);
  tellOverlaps(locations, around.findings);
  const ofKind = (kind: Location['kind']) => locations.filter((location) => location.kind === kind);
  const longest = (a: Location, b: Location) => b.path.length - a.path.length;
  const [said] = server.own('return');
  const whole: Location = { kind: 'prefix', path: '/', ignoreCase: false, context: server, origin: directive };
  // What a server returns by itself goes before its locations.
  if (said !== undefined) return rulesOfLocation(whole, around);
  const root = locations.some(({ kind, path }) => path === '/' && (kind === 'prefix' || kind === 'final-prefix'));
  const exact = ofKind('exact');
  const others = [
    ...ofKind('final-prefix').sort(longest),
    ...ofKind('regex'),
    ...ofKind('prefix').sort(longest),
    ...(root ? [] : [whole]),
  ];
  const rules = (some: readonly Location[]) => some.flatMap((location) => rulesOfLocation(location, around));
  return [...rules(exact), ...withSlash(locations), ...rules(others)];
}

/** nginx sends whoever asks for the folder of a proxied location without its slash to the one with it. */
function withSlash(locations: readonly Location[]): LocationRule[] {
  const proxied = locations.filter(
    ({ kind, path, context }) =>
      kind !== 'exact' &&
      kind !== 'regex' &&
      path.length > 1 &&
      path.endsWith('/') &&
      context.own('proxy_pass').length > 0,
  );
  const bare = proxied.map(({ path }) => path.slice(0, -1));
  const free = bare.filter((path) => !locations.some((other) => other.kind === 'exact' && other.path === path));
  return free.map((value) => ({
    match: { paths: [{ kind: 'exact', value }] },
    redirect: { status: 301, path: `${value}/` },
    does: 'slash',
  }));
}

/** A prefix that is final loses to a longer one in nginx, and the regular expressions come in again. */
function tellOverlaps(locations: readonly Location[], findings: Findings): void {
  if (!locations.some(({ kind }) => kind === 'regex')) return;
  for (const { kind, path, origin } of locations) {
    if (kind !== 'final-prefix') continue;
    const longer = locations.some(
      (other) => other.kind === 'prefix' && other.path !== path && other.path.startsWith(path),
    );
    if (longer) findings.add('differs', origin, 'goes before longer prefixes within it, too');
  }
}

function legal(name: string): string {
  const fault = checkHostPattern(name);
  if (fault !== '') throw new NotCarried(`names ${name}, which ${fault}`);
  return name.toLowerCase();
}
