import type { ConfigurationDocument } from '@evenkeel/model/resources/document.ts';
import type { ConfigurationImport } from '@evenkeel/model/resources/exchange.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { SubnetDocument } from '@evenkeel/model/resources/subnet.ts';
import { at } from '../configuration/place.ts';
import { isSameChain, type PrivateKeys } from '../configuration/shared.ts';
import type { Draft } from '../state/draft.ts';
import type { CertificateRecord, VpcRecord } from '../state/records.ts';
import { type Conflicts, freeName } from './conflicts.ts';
import { ofAuthority, ofShared } from './defaults.ts';
import { differencesOf } from './differences.ts';
import { type Fields, withDefaults } from './plain.ts';
import {
  authorityDocument,
  certificateDocument,
  elasticIpDocument,
  groupDocument,
  policyDocument,
  vpcDocument,
} from './shared.ts';
import { fullSecurityGroup, fullVpc } from './turn.ts';

const LISTS = ['certificates', 'authorities', 'securityPolicies', 'securityGroups', 'elasticIps', 'vpcs'] as const;
export type SharedList = (typeof LISTS)[number];
type Lists = { readonly [L in SharedList]: Exclude<ConfigurationDocument[L], undefined> };

const KIND_OF = {
  certificates: 'certificate',
  authorities: 'authority',
  securityPolicies: 'securityPolicy',
  securityGroups: 'securityGroup',
  elasticIps: 'elasticIp',
  vpcs: 'vpc',
} as const satisfies Record<SharedList, ResourceKind>;

/** What load balancers draw on, as it is imported. */
export interface SharedImport {
  readonly lists: Lists;
  /** The name under which an object of the document is imported. */
  readonly nameOf: (list: SharedList, name: string) => string;
  readonly subnetOf: (name: string) => string;
  /** Where in the document the object of the name is. */
  readonly fieldOf: (list: SharedList, name: string) => string;
  /** Names that are used, by the document or by what is there. */
  readonly taken: { readonly [L in SharedList]: Set<string> };
  /** Identifiers of elastic IPs that have to be taken from their load balancers first. */
  readonly released: Set<string>;
  readonly renamedKeys: (keys: PrivateKeys) => PrivateKeys;
}

/** Settles the conflicts of all that is not a load balancer. */
export function importedShared(
  draft: Draft,
  body: ConfigurationImport,
  conflicts: Conflicts,
  newAddresses: boolean,
): SharedImport {
  const renamed = Object.fromEntries(LISTS.map((list) => [list, new Map<string, string>()])) as Renamed;
  const lists = {} as Record<SharedList, object[]>;
  const taken = {} as Record<SharedList, Set<string>>;
  const released = new Set<string>();
  const subnets = new Map<string, string>();
  for (const list of LISTS) {
    const present: Iterable<{ readonly id: string; readonly name: string }> = draft[list].values();
    const records = new Map(Array.from(present, (record) => [record.name, record]));
    const documents: readonly { readonly name: string }[] = body[list] ?? [];
    taken[list] = new Set([...records.keys(), ...documents.map(({ name }) => name)]);
    lists[list] = [];
    for (const [i, document] of documents.entries()) {
      const field = `/${list}/${i}`;
      const given = fullOf(list, document, newAddresses);
      const { name } = document;
      const known = records.get(name);
      const differs = known === undefined ? [] : at(field, () => differing(draft, list, known, given));
      if (known === undefined || differs.length === 0) {
        lists[list].push(given);
        continue;
      }
      const met = { field, kind: KIND_OF[list], name, id: known.id, differs };
      const chosen = conflicts.settle(met, taken[list]);
      if (chosen === null) continue;
      if (chosen !== name) renamed[list].set(name, chosen);
      if (chosen === name) lists[list].push(given);
      else lists[list].push({ ...beside(draft, known, given, subnets), name: chosen });
    }
  }
  const nameOf = (list: SharedList, name: string) => renamed[list].get(name) ?? name;
  return {
    lists: lists as unknown as Lists,
    nameOf,
    subnetOf: (name) => subnets.get(name) ?? name,
    fieldOf(list, name) {
      const i = (body[list] ?? []).findIndex((document) => document.name === name);
      return i === -1 ? `/${list}` : `/${list}/${i}`;
    },
    taken,
    released,
    renamedKeys: (keys) => new Map(Array.from(keys, ([name, key]) => [nameOf('certificates', name), key])),
  };
}

type Renamed = Record<SharedList, Map<string, string>>;

/** The document with every field; the address is left out when it is to be another one. */
function fullOf(list: SharedList, document: object, newAddresses: boolean): Fields {
  switch (list) {
    case 'vpcs':
      return fullVpc(document as never) as unknown as Fields;
    case 'securityGroups':
      return fullSecurityGroup(document as never) as unknown as Fields;
    case 'authorities':
      return withDefaults(document as Fields, ofAuthority);
    case 'elasticIps': {
      const { address, ...rest } = withDefaults(document as Fields, ofShared);
      return newAddresses || address === undefined ? rest : { ...rest, address };
    }
    case 'certificates':
    case 'securityPolicies':
      return withDefaults(document as Fields, ofShared);
    default:
      return list satisfies never;
  }
}

function differing(draft: Draft, list: SharedList, known: object, given: Fields): string[] {
  switch (list) {
    case 'certificates': {
      const { chain, ...rest } = given;
      const differs = differencesOf(certificateDocument(known as CertificateRecord) as unknown as Fields, rest);
      return isSameChain(known as CertificateRecord, chain as string) ? differs : ['chain', ...differs];
    }
    case 'authorities': {
      const before = authorityDocument(known as never);
      const texts = {
        certificates: pressed(before.certificates),
        revocationLists: pressed(before.revocationLists ?? ''),
      };
      const own = {
        certificates: pressed(given['certificates'] as string),
        revocationLists: pressed(given['revocationLists'] as string),
      };
      return differencesOf({ ...before, ...texts } as unknown as Fields, { ...given, ...own });
    }
    case 'vpcs': {
      const { subnets = [], ...before } = vpcDocument(draft, known as VpcRecord);
      const named = new Set((given['subnets'] as readonly SubnetDocument[]).map(({ name }) => name));
      // Others of the VPC stay as they are.
      const own = subnets.filter(({ name }) => named.has(name));
      return differencesOf({ ...before, subnets: own } as unknown as Fields, given);
    }
    case 'securityPolicies':
      return differencesOf(policyDocument(known as never) as unknown as Fields, given);
    case 'securityGroups':
      return differencesOf(groupDocument(known as never) as unknown as Fields, given);
    case 'elasticIps':
      return differencesOf(elasticIpDocument(known as never) as unknown as Fields, given);
    default:
      return list satisfies never;
  }
}

/** PEM without what it may be laid out with. */
function pressed(pem: string): string {
  return pem.replace(/\s+/g, '');
}

/** What stands beside the one that is there cannot have its address, and subnets have names of their own. */
function beside(draft: Draft, known: object, given: Fields, subnets: Map<string, string>): Fields {
  const { address, subnets: inside, ...rest } = given;
  const own = address === undefined || address === (known as { readonly address?: string }).address ? {} : { address };
  if (inside === undefined) return { ...rest, ...own };
  const taken = new Set(Array.from(draft.subnets.values(), ({ name }) => name));
  const renamed = (inside as readonly SubnetDocument[]).map((subnet) => {
    const name = freeName(subnet.name, taken);
    taken.add(name);
    subnets.set(subnet.name, name);
    return { ...subnet, name };
  });
  return { ...rest, ...own, subnets: renamed };
}
