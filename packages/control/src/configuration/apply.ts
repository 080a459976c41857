import type { LoadBalancerCreate, LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import { refuseField } from '../problem.ts';
import { createLoadBalancer, updateLoadBalancer } from '../resources/load-balancers.ts';
import { securityGroupIds } from '../resources/security-groups.ts';
import { resolveSubnet } from '../resources/subnets.ts';
import type { Draft } from '../state/draft.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import { loadBalancersOf, named } from '../state/state.ts';
import { Contents, checkFixed, type Mention } from './contents.ts';
import { inDocumentWords } from './document-words.ts';
import { pruneListeners, pruneServicesAndGroups } from './prune.ts';

/** Makes the configuration match the documents (`POST /v1/apply`). */
export function applyDocuments(draft: Draft, documents: readonly LoadBalancerDocument[], mention: Mention): void {
  const names = new Set<string>();
  for (const [i, document] of documents.entries()) {
    const at = `/loadBalancers/${i}`;
    const { name } = document;
    if (names.has(name)) refuseField('name-taken', `${at}/name`, `load balancer ${name} is in the document twice`);
    names.add(name);
    const { id } = ensureLoadBalancer(draft, document, at);
    if (document.prune) pruneListeners(draft, id, document);
    inDocumentWords(() => new Contents(draft, id, mention).ensure(document, at));
    if (document.prune) pruneServicesAndGroups(draft, id, document);
    mention('loadBalancer', draft.loadBalancers.get(id)!.loadBalancer);
  }
}

/** Creates a load balancer with everything in the document (`POST /v1/load-balancers`). */
export function createFromDocument(draft: Draft, document: LoadBalancerCreate): LoadBalancerRecord {
  const { id } = createLoadBalancer(draft, document);
  inDocumentWords(() => new Contents(draft, id, () => {}).ensure(document, ''));
  return draft.loadBalancers.get(id)!.loadBalancer;
}

function ensureLoadBalancer(draft: Draft, document: LoadBalancerDocument, at: string): LoadBalancerRecord {
  const known = named(loadBalancersOf(draft), document.name);
  if (known === null) return createLoadBalancer(draft, document, at);
  checkFixed(document.type, known.type, `${at}/type`);
  checkFixed(document.region, known.region, `${at}/region`);
  if (document.subnet !== undefined) {
    const { name } = resolveSubnet(draft, document.subnet, `${at}/subnet`);
    checkFixed(name, resolveSubnet(draft, known.subnetId, at).name, `${at}/subnet`);
  }
  const { vip, specification, description, tags, deletionProtection, zones, nodesPerZone, securityGroups } = document;
  return updateLoadBalancer(
    draft,
    known,
    {
      ...(vip !== undefined && { vip }),
      ...(specification !== undefined && { specification }),
      ...(description !== undefined && { description }),
      ...(tags !== undefined && { tags }),
      ...(deletionProtection !== undefined && { deletionProtection }),
      ...(zones !== undefined && { zones }),
      ...(nodesPerZone !== undefined && { nodesPerZone }),
      ...(securityGroups && {
        securityGroupIds: securityGroupIds(draft, securityGroups, `${at}/securityGroups`),
      }),
    },
    at,
  );
}
