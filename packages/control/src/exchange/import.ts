import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { ElasticIpDocument } from '@evenkeel/model/resources/elastic-ip.ts';
import type { ConfigurationImport, ImportConflict } from '@evenkeel/model/resources/exchange.ts';
import { applyDocuments } from '../configuration/apply.ts';
import type { Mention } from '../configuration/contents.ts';
import { applyShared } from '../configuration/shared.ts';
import { disassociateElasticIp } from '../resources/elastic-ips.ts';
import type { Draft } from '../state/draft.ts';
import { type LoadBalancerTree, loadBalancersOf, named } from '../state/state.ts';
import { completeDocument } from './complete.ts';
import { Conflicts } from './conflicts.ts';
import { differencesOf } from './differences.ts';
import type { Fields } from './plain.ts';
import { plainForm } from './plain-form.ts';
import { comparedWith, type DocumentSecrets, privateKeysOf, withoutMarks, withTokenKeys } from './secrets.ts';
import { elasticIpDocument } from './shared.ts';
import { importedShared, type SharedImport } from './shared-import.ts';
import { fullDocument } from './turn.ts';

/**
 * Takes documents of another installation into the draft. Objects that are there under the same names and differ are
 * conflicts: refused (unless `dryRun`, which leaves them out), renamed, or replaced.
 */
export function importDocuments(
  draft: Draft,
  body: ConfigurationImport,
  secrets: DocumentSecrets,
  mention: Mention,
): readonly ImportConflict[] {
  const { onConflict = 'refuse', dryRun = false, newAddresses = false } = body;
  const conflicts = new Conflicts(onConflict);
  const shared = importedShared(draft, body, conflicts, newAddresses);
  const taken = new Set(Array.from(loadBalancersOf(draft), ({ name }) => name));
  for (const { name } of body.loadBalancers ?? []) taken.add(name);
  const documents: LoadBalancerDocument[] = [];
  for (const [i, given] of (body.loadBalancers ?? []).entries()) {
    const place = `/loadBalancers/${i}`;
    const { vip, ...rest } = withReferences(withTokenKeys(plainForm(given, place), secrets), shared);
    const document = newAddresses || vip === undefined ? rest : { ...rest, vip };
    const imported = settled(draft, document, place, taken, conflicts);
    if (imported !== null) documents.push(withOwnElasticIp(draft, imported, shared, conflicts));
  }
  if (!dryRun) conflicts.check();
  applyShared(draft, shared.lists, mention, shared.renamedKeys(privateKeysOf(secrets)));
  for (const id of shared.released) disassociateElasticIp(draft, draft.elasticIps.get(id)!);
  applyDocuments(draft, documents, mention);
  return conflicts.list;
}

/** The document as it is imported, with every field; null: it is not. */
function settled(
  draft: Draft,
  document: LoadBalancerDocument,
  field: string,
  taken: Set<string>,
  conflicts: Conflicts,
): LoadBalancerDocument | null {
  const { prune: _, ...given } = document;
  const { name } = given;
  const known = treeNamed(draft, name);
  if (known === null) return { ...fullDocument(given, () => null), prune: true };
  const full = fullDocument(given, (service) => named(known.services.values(), service)?.id ?? null);
  const before = comparedWith(full, completeDocument(draft, known), known);
  const differs = differencesOf(before as unknown as Fields, withoutMarks(full) as unknown as Fields);
  if (differs.length === 0) return { ...full, prune: true };
  const { id } = known.loadBalancer;
  const chosen = conflicts.settle({ field, kind: 'loadBalancer', name, id, differs }, taken);
  if (chosen === null) return null;
  if (chosen === name) return { ...full, prune: true };
  // It stands beside the one that is there, which has the address.
  const { vip, ...renamed } = fullDocument(given, () => null);
  const own = vip === undefined || vip === known.loadBalancer.vip ? {} : { vip };
  return { ...renamed, ...own, name: chosen, prune: true };
}

/** With the names that objects outside of the load balancer are imported under. */
function withReferences(document: LoadBalancerDocument, { nameOf, subnetOf }: SharedImport): LoadBalancerDocument {
  const { subnet, elasticIp, securityGroups, backendServices, listeners } = document;
  return {
    ...document,
    ...(subnet && { subnet: subnetOf(subnet) }),
    ...(elasticIp && { elasticIp: nameOf('elasticIps', elasticIp) }),
    ...(securityGroups && { securityGroups: securityGroups.map((name) => nameOf('securityGroups', name)) }),
    ...(backendServices && {
      backendServices: backendServices.map((service) =>
        service.tls?.authority
          ? { ...service, tls: { ...service.tls, authority: nameOf('authorities', service.tls.authority) } }
          : service,
      ),
    }),
    ...(listeners && {
      listeners: listeners.map((listener) => ({
        ...listener,
        ...(listener.defaultCertificates && {
          defaultCertificates: listener.defaultCertificates.map((name) => nameOf('certificates', name)),
        }),
        ...(listener.certificates && {
          certificates: listener.certificates.map(({ name, certificate }) => {
            return { name, certificate: nameOf('certificates', certificate) };
          }),
        }),
        ...(listener.securityPolicy && { securityPolicy: nameOf('securityPolicies', listener.securityPolicy) }),
        ...(listener.clientCertificates?.authority && {
          clientCertificates: {
            ...listener.clientCertificates,
            authority: nameOf('authorities', listener.clientCertificates.authority),
          },
        }),
      })),
    }),
  };
}

/** An elastic IP has one owner: where another load balancer has it, that is a conflict of its own. */
function withOwnElasticIp(
  draft: Draft,
  document: LoadBalancerDocument,
  shared: SharedImport,
  conflicts: Conflicts,
): LoadBalancerDocument {
  const known = document.elasticIp ? named(draft.elasticIps.values(), document.elasticIp) : null;
  const owner = known?.loadBalancerId ?? null;
  if (known === null || owner === null || owner === treeNamed(draft, document.name)?.loadBalancer.id) return document;
  const { id, name } = known;
  const met = {
    field: shared.fieldOf('elasticIps', name),
    kind: 'elasticIp' as const,
    name,
    id,
    differs: ['loadBalancer'],
  };
  const chosen = conflicts.settle(met, shared.taken.elasticIps);
  if (chosen === null) return document;
  if (chosen === name) {
    shared.released.add(id);
    return document;
  }
  const { address: _, ...copy } = elasticIpDocument(known);
  shared.lists.elasticIps.push({ ...copy, name: chosen } satisfies ElasticIpDocument);
  return { ...document, elasticIp: chosen };
}

function treeNamed(draft: Draft, name: string): LoadBalancerTree | null {
  const found = named(loadBalancersOf(draft), name);
  return found && draft.loadBalancers.get(found.id)!;
}
