import { setImmediate } from 'node:timers/promises';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { ConfigurationExport, ExportedConfiguration } from '@evenkeel/model/resources/exchange.ts';
import { type LoadBalancerTree, named, type State } from '../state/state.ts';
import { completeDocument } from './complete.ts';
import { ofAuthority, ofShared } from './defaults.ts';
import { type Fields, withoutDefaults } from './plain.ts';
import { selected } from './select.ts';
import {
  allShared,
  authorityDocument,
  certificateDocument,
  elasticIpDocument,
  groupDocument,
  policyDocument,
  type SharedObjects,
  sharedBy,
  vpcDocument,
} from './shared.ts';
import { compactDocument, compactSecurityGroup, compactVpc } from './turn.ts';

/** Objects after which others have the thread. */
const STEP = 1_000;

/** What an export is made of. */
export interface Selection {
  readonly trees: readonly LoadBalancerTree[];
  readonly shared: SharedObjects;
}

export function selectionOf(state: State, request: ConfigurationExport): Selection {
  const trees = selected(state, request);
  if (trees === null) return { trees: [...state.loadBalancers.values()], shared: allShared(state) };
  return { trees, shared: sharedBy(state, trees) };
}

/** The document of what was selected: all of one moment, as the state never changes; lists that would be empty are left out. */
export async function exported(
  state: State,
  { trees, shared }: Selection,
  allFields: boolean,
): Promise<ExportedConfiguration> {
  const plain = <T extends object>(document: T, defaults: Fields): T =>
    allFields ? document : (withoutDefaults(document as unknown as Fields, defaults) as unknown as T);
  const loadBalancers: LoadBalancerDocument[] = [];
  let written = 0;
  for (const tree of trees) {
    const document = completeDocument(state, tree);
    const idOf = (name: string) => named(tree.services.values(), name)?.id ?? null;
    loadBalancers.push(allFields ? document : compactDocument(document, idOf));
    written += sizeOf(tree);
    if (written < STEP) continue;
    written = 0;
    await setImmediate();
  }
  const groups = shared.securityGroups.map(groupDocument);
  const vpcs = shared.vpcs.map((record) => vpcDocument(state, record));
  const lists: ExportedConfiguration = {
    certificates: shared.certificates.map((record) => plain(certificateDocument(record), ofShared)),
    authorities: shared.authorities.map((record) => plain(authorityDocument(record), ofAuthority)),
    securityPolicies: shared.securityPolicies.map((record) => plain(policyDocument(record), ofShared)),
    securityGroups: allFields ? groups : groups.map(compactSecurityGroup),
    elasticIps: shared.elasticIps.map((record) => plain(elasticIpDocument(record), ofShared)),
    vpcs: allFields ? vpcs : vpcs.map(compactVpc),
    loadBalancers,
  };
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}

function sizeOf({ listeners, services, groups, ruleGroups }: LoadBalancerTree): number {
  let size = 1 + listeners.size + services.size;
  for (const { targets } of groups.values()) size += 1 + targets.size;
  for (const { rules } of ruleGroups.values()) size += 1 + rules.size;
  return size;
}
