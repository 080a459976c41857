import type { LoadBalancerTree } from './state.ts';

/** Parts that are remembered; then it begins anew. */
const MOST = 200_000;

type Part = 'listeners' | 'services' | 'groups' | 'ruleGroups';

/** By identifier: the load balancer that a part was found in last. It is looked whether it is there. */
const found = new Map<string, string>();

/** The load balancer with a part. They are gone through only for one that is not where it was last. */
export function treeWith(
  loadBalancers: ReadonlyMap<string, LoadBalancerTree>,
  part: Part,
  id: string,
): LoadBalancerTree | null {
  const last = loadBalancers.get(found.get(id) ?? '');
  if (last?.[part].has(id)) return last;
  for (const [owner, tree] of loadBalancers) {
    if (!tree[part].has(id)) continue;
    if (found.size + tree[part].size > MOST) found.clear();
    for (const other of tree[part].keys()) found.set(other, owner);
    return tree;
  }
  return null;
}
