import type { Problem } from '@evenkeel/model/problem.ts';
import type { Running } from './running.ts';

/** Fields that a problem names, and who uses what it is about. */
export const fieldsOf = (problem: Problem) => (problem.errors ?? []).map(({ field }) => field);
export const usersOf = (problem: Problem) => (problem.usedBy ?? []).map(({ name }) => name);

/** One load balancer with a listener, a service, a group and two targets. */
export async function shop(running: Running) {
  const loadBalancer = await running.call('createLoadBalancer', {
    body: {
      name: 'shop',
      listeners: [
        {
          name: 'web',
          protocol: 'http',
          port: 80,
          service: { targets: [{ address: '10.0.0.1' }, { address: '10.0.0.2' }] },
        },
      ],
    },
  });
  const ids = Object.fromEntries(loadBalancer.created.map(({ kind, id }) => [kind, id]));
  return {
    loadBalancer,
    lb: { loadBalancerId: loadBalancer.id },
    listener: { listenerId: ids['listener']! },
    service: { backendServiceId: ids['backendService']! },
    group: { targetGroupId: ids['targetGroup']! },
  };
}
