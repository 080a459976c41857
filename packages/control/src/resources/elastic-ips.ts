import type { ElasticIpCreate, ElasticIpPatch } from '@evenkeel/model/resources/elastic-ip.ts';
import { ProblemError } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { ElasticIpRecord } from '../state/records.ts';
import { allocateAddress } from './addresses.ts';
import { getLoadBalancerTree } from './load-balancers.ts';
import { checkName, checkQuota, checkUnused, notFound, refTo } from './rules.ts';

export function getElasticIp(draft: Draft, id: string): ElasticIpRecord {
  return draft.elasticIps.get(id) ?? notFound('elastic IP', id);
}

export function createElasticIp(draft: Draft, input: ElasticIpCreate): ElasticIpRecord {
  checkQuota(draft, 'elasticIps', draft.elasticIps.size + 1);
  const id = draft.newId('elasticIp');
  const name = input.name ?? id;
  checkName(draft.elasticIps.values(), name, '');
  return draft.create('elasticIp', {
    tenantId: draft.tenantId,
    id,
    name,
    address: allocateAddress(draft, 'elasticIp', input.address, '/address'),
    loadBalancerId: null,
    bandwidth: input.bandwidth ?? null,
    description: input.description ?? '',
    tags: input.tags ?? {},
  });
}

export function updateElasticIp(draft: Draft, elasticIp: ElasticIpRecord, patch: ElasticIpPatch): ElasticIpRecord {
  if (patch.name !== undefined) checkName(draft.elasticIps.values(), patch.name, '', elasticIp.id);
  return draft.update('elasticIp', elasticIp, patch);
}

/** Refused while it is associated, unless it is to be disassociated first. */
export function deleteElasticIp(draft: Draft, elasticIp: ElasticIpRecord, disassociates = false): void {
  if (disassociates) {
    draft.remove('elasticIp', disassociateElasticIp(draft, elasticIp));
    return;
  }
  if (elasticIp.loadBalancerId !== null) {
    const { loadBalancer } = draft.loadBalancers.get(elasticIp.loadBalancerId)!;
    checkUnused(`elastic IP ${elasticIp.name}`, [refTo('loadBalancer', loadBalancer)]);
  }
  draft.remove('elasticIp', elasticIp);
}

/** One elastic IP per load balancer and the other way round. */
export function associateElasticIp(
  draft: Draft,
  elasticIp: ElasticIpRecord,
  loadBalancerId: string,
  at = '/loadBalancerId',
): ElasticIpRecord {
  const { loadBalancer } = getLoadBalancerTree(draft, loadBalancerId, at);
  if (elasticIp.loadBalancerId === loadBalancerId) return elasticIp;
  if (elasticIp.loadBalancerId !== null) {
    throw new ProblemError('already-associated', `${elasticIp.name} is associated with ${elasticIp.loadBalancerId}`);
  }
  if (loadBalancer.elasticIpId !== null) {
    throw new ProblemError('already-associated', `${loadBalancer.name} has the elastic IP ${loadBalancer.elasticIpId}`);
  }
  draft.update('loadBalancer', loadBalancer, { elasticIpId: elasticIp.id });
  return draft.update('elasticIp', elasticIp, { loadBalancerId });
}

export function disassociateElasticIp(draft: Draft, elasticIp: ElasticIpRecord): ElasticIpRecord {
  if (elasticIp.loadBalancerId === null) return elasticIp;
  const { loadBalancer } = draft.loadBalancers.get(elasticIp.loadBalancerId)!;
  draft.update('loadBalancer', loadBalancer, { elasticIpId: null });
  return draft.update('elasticIp', elasticIp, { loadBalancerId: null });
}
