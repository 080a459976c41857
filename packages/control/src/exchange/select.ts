import type { ConfigurationExport } from '@evenkeel/model/resources/exchange.ts';
import { refuseField } from '../problem.ts';
import { resolve } from '../resources/rules.ts';
import { type LoadBalancerTree, loadBalancersOf, type State } from '../state/state.ts';

/** The load balancers that an export is about, in order of creation; null: all that there is. Refuses what finds none. */
export function selected(
  state: State,
  { loadBalancers, tags = {} }: Pick<ConfigurationExport, 'loadBalancers' | 'tags'>,
): LoadBalancerTree[] | null {
  const wanted = Object.entries(tags);
  if (loadBalancers === undefined && wanted.length === 0) return null;
  const named = loadBalancers?.map((idOrName, i) => {
    return resolve(loadBalancersOf(state), idOrName, `/loadBalancers/${i}`, 'load balancer').id;
  });
  const ids = new Set(named ?? state.loadBalancers.keys());
  const trees = [...state.loadBalancers.values()].filter(({ loadBalancer }) => {
    return ids.has(loadBalancer.id) && wanted.every(([key, value]) => loadBalancer.tags[key] === value);
  });
  if (trees.length === 0) refuseField('reference-not-found', '/tags', 'there is no load balancer with these tags');
  return trees;
}
