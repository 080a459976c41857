import type { Contract, OperationName } from '@evenkeel/model/contract/contract.ts';

type RouteOf<K extends OperationName> = readonly [
  method: Contract[K]['method'],
  path: Contract[K]['path'],
  ...(Contract[K] extends { readonly idempotent: true } ? ['idempotent'] : []),
];

/**
 * What a call needs of its route. The contract has it too, and the compiler makes sure that both say the same; but the
 * contract brings every schema with it, and a command line tool should not load those before each command.
 */
export const routes: { readonly [K in OperationName]: RouteOf<K> } = {
  listLoadBalancers: ['GET', '/v1/load-balancers'],
  createLoadBalancer: ['POST', '/v1/load-balancers', 'idempotent'],
  getLoadBalancer: ['GET', '/v1/load-balancers/{loadBalancerId}'],
  updateLoadBalancer: ['PATCH', '/v1/load-balancers/{loadBalancerId}'],
  deleteLoadBalancer: ['DELETE', '/v1/load-balancers/{loadBalancerId}'],
  listListeners: ['GET', '/v1/listeners'],
  createListener: ['POST', '/v1/listeners', 'idempotent'],
  getListener: ['GET', '/v1/listeners/{listenerId}'],
  updateListener: ['PATCH', '/v1/listeners/{listenerId}'],
  deleteListener: ['DELETE', '/v1/listeners/{listenerId}'],
  listBackendServices: ['GET', '/v1/backend-services'],
  createBackendService: ['POST', '/v1/backend-services', 'idempotent'],
  getBackendService: ['GET', '/v1/backend-services/{backendServiceId}'],
  updateBackendService: ['PATCH', '/v1/backend-services/{backendServiceId}'],
  deleteBackendService: ['DELETE', '/v1/backend-services/{backendServiceId}'],
  getBackendServiceHealth: ['GET', '/v1/backend-services/{backendServiceId}/health'],
  listTargetGroups: ['GET', '/v1/target-groups'],
  createTargetGroup: ['POST', '/v1/target-groups', 'idempotent'],
  getTargetGroup: ['GET', '/v1/target-groups/{targetGroupId}'],
  updateTargetGroup: ['PATCH', '/v1/target-groups/{targetGroupId}'],
  deleteTargetGroup: ['DELETE', '/v1/target-groups/{targetGroupId}'],
  listTargets: ['GET', '/v1/target-groups/{targetGroupId}/targets'],
  registerTargets: ['POST', '/v1/target-groups/{targetGroupId}/targets', 'idempotent'],
  updateTargets: ['PATCH', '/v1/target-groups/{targetGroupId}/targets'],
  deregisterTargets: ['POST', '/v1/target-groups/{targetGroupId}/deregister-targets', 'idempotent'],
  getTarget: ['GET', '/v1/target-groups/{targetGroupId}/targets/{targetId}'],
  updateTarget: ['PATCH', '/v1/target-groups/{targetGroupId}/targets/{targetId}'],
  deregisterTarget: ['DELETE', '/v1/target-groups/{targetGroupId}/targets/{targetId}'],
  listElasticIps: ['GET', '/v1/elastic-ips'],
  createElasticIp: ['POST', '/v1/elastic-ips', 'idempotent'],
  getElasticIp: ['GET', '/v1/elastic-ips/{elasticIpId}'],
  updateElasticIp: ['PATCH', '/v1/elastic-ips/{elasticIpId}'],
  deleteElasticIp: ['DELETE', '/v1/elastic-ips/{elasticIpId}'],
  associateElasticIp: ['POST', '/v1/elastic-ips/{elasticIpId}/associate', 'idempotent'],
  disassociateElasticIp: ['POST', '/v1/elastic-ips/{elasticIpId}/disassociate', 'idempotent'],
  applyConfiguration: ['POST', '/v1/apply', 'idempotent'],
  listOperations: ['GET', '/v1/operations'],
  getOperation: ['GET', '/v1/operations/{operationId}'],
  listNodes: ['GET', '/v1/nodes'],
  getNode: ['GET', '/v1/nodes/{nodeId}'],
  forgetNode: ['DELETE', '/v1/nodes/{nodeId}'],
  listTargetHealth: ['GET', '/v1/target-health'],
};
