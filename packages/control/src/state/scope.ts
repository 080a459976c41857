import { OverlaidMap } from './overlaid-map.ts';
import type { State } from './state.ts';

/** What belongs to a tenant says so. */
type Owned = { readonly tenantId: string };

const parts = new WeakMap<object, ReadonlyMap<string, ReadonlyMap<string, unknown>>>();
const scopes = new WeakMap<State, Map<string, State>>();
const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * The state as one tenant sees it: nothing of the others is there, whatever it is looked for by. Tenants themselves are,
 * for who may see them; see access/tenants.ts. Made once for each state and tenant, and from a map only when that map
 * is another one than before.
 */
export function scopedTo(state: State, tenantId: string): State {
  const known = scopes.get(state)?.get(tenantId);
  if (known !== undefined) return known;
  const of = <T extends Owned>(map: ReadonlyMap<string, T>) => part(map, ownerOf, tenantId);
  const scoped = {
    ...state,
    loadBalancers: part(state.loadBalancers, ({ loadBalancer }) => loadBalancer.tenantId, tenantId),
    elasticIps: of(state.elasticIps),
    certificates: of(state.certificates),
    authorities: of(state.authorities),
    securityPolicies: of(state.securityPolicies),
    securityGroups: of(state.securityGroups),
    vpcs: of(state.vpcs),
    subnets: of(state.subnets),
    accessPolicies: of(state.accessPolicies),
    users: of(state.users),
    tokens: of(state.tokens),
    accessKeys: of(state.accessKeys),
    webhooks: of(state.webhooks),
  };
  const all = scopes.get(state);
  if (all === undefined) scopes.set(state, new Map([[tenantId, scoped]]));
  else all.set(tenantId, scoped);
  return scoped;
}

/** Says that all of a map belongs to a tenant, so that nobody has to look. */
export function isAllOf(map: ReadonlyMap<string, unknown>, tenantId: string): void {
  if (map.size > 0) parts.set(map, new Map([[tenantId, map]]));
}

function ownerOf({ tenantId }: Owned): string {
  return tenantId;
}

/** The part of a map that belongs to the tenant; the map itself when all of it does. */
function part<T>(map: ReadonlyMap<string, T>, ownerOf: (value: T) => string, tenantId: string): ReadonlyMap<string, T> {
  let byTenant = parts.get(map) as ReadonlyMap<string, ReadonlyMap<string, T>> | undefined;
  if (byTenant === undefined) {
    byTenant = divide(map, ownerOf);
    parts.set(map, byTenant);
  }
  return byTenant.get(tenantId) ?? NOTHING;
}

function divide<T>(
  map: ReadonlyMap<string, T>,
  ownerOf: (value: T) => string,
): ReadonlyMap<string, ReadonlyMap<string, T>> {
  // Most installations have one tenant, and each change of it comes here.
  const [first] = map.values();
  const only = first === undefined ? null : ownerOf(first);
  if (only !== null && every(map, (value) => ownerOf(value) === only)) return new Map([[only, map]]);
  const byTenant = new Map<string, Map<string, T>>();
  for (const [id, value] of map) {
    const owner = ownerOf(value);
    const own = byTenant.get(owner);
    if (own === undefined) byTenant.set(owner, new Map([[id, value]]));
    else own.set(id, value);
  }
  return byTenant;
}

function every<T>(map: ReadonlyMap<string, T>, holds: (value: T) => boolean): boolean {
  for (const value of map.values()) if (!holds(value)) return false;
  return true;
}

/**
 * A map of all tenants after that of one of them has changed: `before` and `after` are the part of the one in `whole`.
 * Each is where its identifier belongs, also one that was restored under an earlier one.
 */
export function merged<T>(
  whole: ReadonlyMap<string, T>,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  if (before === after || (after instanceof OverlaidMap && !after.touched)) return whole;
  if (before === whole && after instanceof OverlaidMap && !after.hasOtherKeys) return after;
  if (same(before, after)) return whole;
  if (before === whole) return inOrder(after);
  const all = new Map(whole);
  for (const id of before.keys()) if (!after.has(id)) all.delete(id);
  for (const [id, value] of after) if (before.get(id) !== value) all.set(id, value);
  return inOrder(all);
}

/** The map in order of its keys: itself, when it is. */
export function inOrder<T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  let last = '';
  for (const id of map.keys()) {
    if (id < last) return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
    last = id;
  }
  return map;
}

/** A state after several drafts, for whoever keeps it: its maps are plain. */
export function settle(state: State): State {
  const [loadBalancers, elasticIps] = [plain(state.loadBalancers), plain(state.elasticIps)];
  const isSettled = loadBalancers === state.loadBalancers && elasticIps === state.elasticIps;
  return isSettled ? state : { ...state, loadBalancers, elasticIps };
}

function plain<T extends object>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return map instanceof OverlaidMap ? (map as OverlaidMap<T>).plain() : map;
}

/** Puts the values of a map, which `own` gives to be changed, in order of their keys. */
export function refill<T>(own: () => Map<string, T>, values: ReadonlyMap<string, T>): void {
  const sorted = inOrder(values);
  if (sorted === values) return;
  const entries = [...sorted];
  const map = own();
  map.clear();
  for (const [id, value] of entries) map.set(id, value);
}

/** Whether two states of a tenant have the same objects in all that a configuration is made of. */
export function sameParts(a: State, b: State): boolean {
  return CONFIGURED.every((part) => a[part] === b[part] || same<unknown>(a[part], b[part]));
}

const CONFIGURED = [
  'loadBalancers',
  'elasticIps',
  'certificates',
  'authorities',
  'securityPolicies',
  'securityGroups',
  'vpcs',
  'subnets',
] as const;

function same<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): boolean {
  if (before.size !== after.size) return false;
  for (const [id, value] of after) if (before.get(id) !== value) return false;
  return true;
}
