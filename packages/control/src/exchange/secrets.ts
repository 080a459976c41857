import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import { keysWithSecrets } from '../routing/jwt-secrets.ts';
import { Secret } from '../secrets/secret.ts';
import type { CertificateRecord } from '../state/records.ts';
import type { LoadBalancerTree } from '../state/state.ts';
import type { Selection } from './export.ts';

/** What a document does not show, by the names that it has for what it belongs to. */
export interface DocumentSecrets {
  /** Private keys in PEM, by certificate. */
  readonly privateKeys: Readonly<Record<string, string>>;
  /** Secrets of keys of type `oct`, in the order of the keys, by load balancer, rule group and rule. */
  readonly tokenKeys: Readonly<Record<string, readonly string[]>>;
}

export const NO_SECRETS: DocumentSecrets = { privateKeys: {}, tokenKeys: {} };

/** Opens the secrets of what was selected. */
export function secretsOf({ trees, shared }: Selection): DocumentSecrets {
  const privateKeys = Object.fromEntries(shared.certificates.map(keyOf));
  return { privateKeys, tokenKeys: Object.fromEntries(trees.flatMap(tokenKeysOf)) };
}

function keyOf({ name, privateKey }: CertificateRecord): [string, string] {
  return [name, privateKey.reveal()];
}

function tokenKeysOf({ loadBalancer, ruleGroups }: LoadBalancerTree): [string, string[]][] {
  const found: [string, string[]][] = [];
  for (const { group, rules } of ruleGroups.values()) {
    for (const rule of rules.values()) {
      if (rule.jwtSecrets === null) continue;
      const secrets = keysWithSecrets(rule).flatMap(({ kty, k }) => (kty === 'oct' ? [String(k)] : []));
      found.push([placeOf(loadBalancer.name, group.name, rule.name), secrets]);
    }
  }
  return found;
}

/** What a sealed text has opened to. */
export function parseSecrets(text: string): DocumentSecrets {
  return { ...NO_SECRETS, ...(JSON.parse(text) as Partial<DocumentSecrets>) };
}

export function privateKeysOf({ privateKeys }: DocumentSecrets): ReadonlyMap<string, Secret> {
  return new Map(Object.entries(privateKeys).map(([name, key]) => [name, new Secret(key)]));
}

/** The document with the secrets in its rules; a key that says one of its own keeps it. */
export function withTokenKeys(document: LoadBalancerDocument, { tokenKeys }: DocumentSecrets): LoadBalancerDocument {
  if (Object.keys(tokenKeys).length === 0) return document;
  return withJwtKeys(document, (keys, group, rule) => {
    const secrets = tokenKeys[placeOf(document.name, group, rule)] ?? [];
    let next = 0;
    return keys.map((key) => {
      if (key['kty'] !== 'oct') return key;
      const k = secrets[next++];
      return k === undefined ? key : { k, ...key };
    });
  });
}

type Keys = readonly Readonly<Record<string, unknown>>[];

/** The document with other keys in the rules that have some. */
function withJwtKeys(
  document: LoadBalancerDocument,
  change: (keys: Keys, group: string, rule: string) => Readonly<Record<string, unknown>>[],
): LoadBalancerDocument {
  const ruleGroups = document.ruleGroups?.map((group) => {
    const rules = group.rules?.map((rule): RuleDocument => {
      const { jwt } = rule;
      return jwt ? { ...rule, jwt: { ...jwt, keys: change(jwt.keys, group.name, rule.name) } } : rule;
    });
    return rules === undefined ? group : { ...group, rules };
  });
  return ruleGroups === undefined ? document : { ...document, ruleGroups };
}

/** The document of a load balancer that is there, in the form in which another one can be compared with it. */
export function comparedWith(document: LoadBalancerDocument, known: LoadBalancerDocument, tree: LoadBalancerTree) {
  const tokenKeys = saysTokenKeys(document) ? Object.fromEntries(tokenKeysOf(tree)) : {};
  return withoutMarks(withTokenKeys(known, { ...NO_SECRETS, tokenKeys }));
}

/** Without the marks that tell that a secret is stored. */
export function withoutMarks(document: LoadBalancerDocument): LoadBalancerDocument {
  return withJwtKeys(document, (keys) =>
    keys.map((key) => {
      const { secretSet: _, ...rest } = key;
      return key['kty'] === 'oct' ? rest : key;
    }),
  );
}

function saysTokenKeys({ ruleGroups = [] }: LoadBalancerDocument): boolean {
  const rules = ruleGroups.flatMap((group) => group.rules ?? []);
  return rules.some(({ jwt }) => jwt?.keys.some(({ k }) => k !== undefined) === true);
}

/** Names have no slash. */
function placeOf(...names: readonly string[]): string {
  return names.join('/');
}
