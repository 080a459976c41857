import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Call } from '../api/call.ts';
import { paginate } from '../api/paging.ts';
import { withTimes } from '../api/views.ts';
import { deleted, matching, type Unstored } from '../api/written.ts';
import { findNode, unseenNodes } from '../nodes/known-nodes.ts';
import type { NodeIdentities } from '../nodes/membership/node-identities.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import { notFound } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { Store } from '../store/store.ts';
import * as duties from './duties.ts';
import { presentNodes } from './presence.ts';
import { dutyOf, showLoadBalancerPlacement, showNodePlacement } from './views.ts';
import * as zones from './zones.ts';

export interface PlacementSources {
  readonly store: Pick<Store, 'state'>;
  readonly nodes: Pick<NodeRegistry, 'get' | 'list' | 'since' | 'isRevoked'>;
  readonly membership: { readonly identities: Pick<NodeIdentities, 'get' | 'list'> };
  /** Unix milliseconds. */
  readonly now: () => number;
}

export type PlacementReadName =
  | 'listRegions'
  | 'getRegion'
  | 'listZones'
  | 'getZone'
  | 'getLoadBalancerPlacement'
  | 'getNodePlacement';

type PlacementReads = { readonly [K in PlacementReadName]: (call: Call<K>) => ResponseOf<K> };

const byId = ({ id }: { readonly id: string }) => id;

/** The calls that show where things are. */
export function createPlacementReads({ store, nodes, membership, now }: PlacementSources): PlacementReads {
  return {
    listRegions({ state, query }) {
      const wanted = state.regions.values().filter(({ name }) => (query.name ?? name) === name);
      return paginate(wanted, query, byId, withTimes);
    },
    getRegion: ({ state, params }) => withTimes(zones.getRegion(state, params.regionId)),
    listZones({ state, query }) {
      const wanted = state.zones.values().filter(({ name, region }) => {
        return (query.name ?? name) === name && (query.region ?? region) === region;
      });
      return paginate(wanted, query, byId, withTimes);
    },
    getZone: ({ state, params }) => withTimes(zones.getZone(state, params.zoneId)),
    getLoadBalancerPlacement({ state, params: { loadBalancerId: id } }) {
      const { loadBalancer } = state.loadBalancers.get(id) ?? notFound('load balancer', id);
      return showLoadBalancerPlacement(state, loadBalancer, nodes.list());
    },
    // Of all tenants: whoever may look at nodes reaches them.
    getNodePlacement({ params: { nodeId } }) {
      const { state } = store;
      const node = findNode({ nodes, identities: membership.identities }, nodeId);
      return showNodePlacement(state, node, presentNodes(nodes, state.placement, now()), now());
    },
  };
}

export type PlacementWriteName =
  | 'createRegion'
  | 'updateRegion'
  | 'deleteRegion'
  | 'createZone'
  | 'updateZone'
  | 'deleteZone'
  | 'cordonNode'
  | 'uncordonNode'
  | 'drainNode';

type PlacementWrites = {
  readonly [K in PlacementWriteName]: (draft: Draft, call: Call<K>) => Unstored<ResponseOf<K>>;
};

/** The calls that change where things may be. */
export function createPlacementWrites({
  nodes,
  membership: { identities },
}: Pick<PlacementSources, 'nodes' | 'membership'>): PlacementWrites {
  const known = (): duties.KnownNode[] => [
    ...nodes.list(),
    ...unseenNodes({ nodes, identities }).map((node) => ({ ...node, isUnseen: true })),
  ];
  const dutyWritten = (draft: Draft, id: string) => {
    const generation = draft.duties.get(id)?.generation ?? draft.resultingGeneration;
    return { id, duty: dutyOf(draft, id), generation };
  };
  return {
    createRegion: (draft, { body }) => withTimes(zones.createRegion(draft, body)),
    updateRegion(draft, { params, body, ifMatch }) {
      return withTimes(draft.update('region', matching(ifMatch, zones.getRegion(draft, params.regionId)), body));
    },
    deleteRegion(draft, { params, ifMatch }) {
      const record = matching(ifMatch, zones.getRegion(draft, params.regionId));
      zones.deleteRegion(draft, record);
      return deleted(draft, record);
    },
    createZone: (draft, { body }) => withTimes(zones.createZone(draft, body)),
    updateZone(draft, { params, body, ifMatch }) {
      return withTimes(draft.update('zone', matching(ifMatch, zones.getZone(draft, params.zoneId)), body));
    },
    deleteZone(draft, { params, ifMatch }) {
      const record = matching(ifMatch, zones.getZone(draft, params.zoneId));
      zones.deleteZone(draft, nodes.list(), record);
      return deleted(draft, record);
    },
    cordonNode(draft, { params: { nodeId } }) {
      duties.cordon(draft, known(), nodeId);
      return dutyWritten(draft, nodeId);
    },
    uncordonNode(draft, { params: { nodeId } }) {
      duties.uncordon(draft, known(), nodeId);
      return dutyWritten(draft, nodeId);
    },
    drainNode(draft, { params: { nodeId }, body }) {
      duties.drain(draft, known(), nodeId, body);
      return dutyWritten(draft, nodeId);
    },
  };
}
