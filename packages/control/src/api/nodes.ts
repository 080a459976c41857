import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { type ControlPlanes, planeKey } from '../leadership/control-planes.ts';
import { allNodes, findNode } from '../nodes/known-nodes.ts';
import type { Membership } from '../nodes/membership/membership.ts';
import { deleteNode } from '../nodes/persistence.ts';
import type { NodeRegistry, NodeStatus } from '../nodes/registry.ts';
import type { TargetHealthTable } from '../nodes/target-health.ts';
import { checkZone } from '../placement/zones.ts';
import { ProblemError } from '../problem.ts';
import type { State } from '../state/state.ts';
import type { Call } from './call.ts';
import { showControlPlane, showNode } from './observed.ts';
import { paginate } from './paging.ts';

export type NodeCallName =
  | 'listNodes'
  | 'getNode'
  | 'revokeNode'
  | 'forgetNode'
  | 'listControlPlanes'
  | 'listJoinTokens'
  | 'createJoinToken'
  | 'getJoinToken'
  | 'revokeJoinToken';

export type NodeCalls = { readonly [K in NodeCallName]: (call: Call<K>) => ResponseOf<K> | Promise<ResponseOf<K>> };

export interface NodeSources {
  readonly nodes: NodeRegistry;
  readonly membership: Membership;
  readonly planes: ControlPlanes;
  readonly health: TargetHealthTable;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const byId = ({ id }: { readonly id: string }) => id;

/** The calls about nodes and how they join: they are no configuration, and answer when what they change is on the disk. */
export function createNodeCalls({ nodes, membership, planes, health, now }: NodeSources): NodeCalls {
  const { tokens, identities } = membership;
  const known = { nodes, identities };
  const find = (id: string) => findNode(known, id);
  const show = (node: NodeStatus, state: State) => showNode(node, state, { identities, now: now() });
  return {
    listNodes: ({ query, state }) => paginate(allNodes(known), query, byId, (node) => show(node, state)),
    getNode: ({ params, state }) => show(find(params.nodeId), state),
    async revokeNode({ params: { nodeId }, state, audit }) {
      find(nodeId);
      const revoking = membership.revoke(nodeId, () => audit(nodeId));
      // It is out at once, also when that cannot be written.
      health.forget(nodeId);
      await revoking;
      return show(find(nodeId), state);
    },
    async forgetNode({ params: { nodeId }, audit }) {
      const { connectedAt } = find(nodeId);
      if (connectedAt !== null) throw new ProblemError('node-online', `the agent of ${nodeId} is connected`);
      await membership.forget(nodeId, (trx) => deleteNode(trx, nodeId), audit(nodeId));
      // One that has come meanwhile is a node again, or its stream has ended with this.
      if (nodes.get(nodeId)?.connectedAt === null) nodes.forget(nodeId);
      health.forget(nodeId);
      return { id: nodeId };
    },
    async listControlPlanes({ query }) {
      await planes.look();
      return paginate(planes.list(), query, planeKey, showControlPlane);
    },
    listJoinTokens({ query: { status, ...page } }) {
      const shown = tokens.list().map((row) => tokens.show(row));
      return paginate(
        shown.filter((token) => (status ?? token.status) === token.status),
        page,
        byId,
        (token) => token,
      );
    },
    async createJoinToken({ body, state, audit }) {
      const trust = membership.trust();
      if (trust === null) {
        throw new ProblemError(
          'tls-required',
          'nodes join over TLS alone: start the control plane with --api-certificate and --api-key, or --api-self-signed',
        );
      }
      if (body.zone !== undefined) checkZone(state, body.zone, '/zone');
      // One that has just come is named as well.
      await planes.look();
      const { row, token } = await tokens.create(body, planes.fingerprints(), audit);
      return { ...tokens.show(row), token };
    },
    getJoinToken: ({ params }) => tokens.show(tokens.get(params.joinTokenId)),
    async revokeJoinToken({ params: { joinTokenId: id }, audit }) {
      return tokens.show(await tokens.revoke(id, () => audit(id)));
    },
  };
}
