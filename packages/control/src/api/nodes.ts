import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Membership } from '../nodes/membership/membership.ts';
import { deleteNode } from '../nodes/persistence.ts';
import { type NodeRegistry, type NodeStatus, unseenNode } from '../nodes/registry.ts';
import type { TargetHealthTable } from '../nodes/target-health.ts';
import { ProblemError } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import type { State } from '../state/state.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './call.ts';
import { showNode } from './observed.ts';
import { paginate } from './paging.ts';

export type NodeCallName =
  | 'listNodes'
  | 'getNode'
  | 'revokeNode'
  | 'forgetNode'
  | 'listJoinTokens'
  | 'createJoinToken'
  | 'getJoinToken'
  | 'revokeJoinToken';

export type NodeCalls = { readonly [K in NodeCallName]: (call: Call<K>) => ResponseOf<K> | Promise<ResponseOf<K>> };

export interface NodeSources {
  readonly store: Store;
  readonly nodes: NodeRegistry;
  readonly membership: Membership;
  readonly health: TargetHealthTable;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const byId = ({ id }: { readonly id: string }) => id;

/** The calls about nodes and how they join: they are no configuration, and answer when what they change is on the disk. */
export function createNodeCalls({ store, nodes, membership, health, now }: NodeSources): NodeCalls {
  const { tokens, identities } = membership;
  /** Those that have joined and never came are nodes, too. */
  const all = (): NodeStatus[] => {
    const unseen = identities.list().filter(({ node }) => nodes.get(node) === null);
    return [...nodes.list(), ...unseen.map(unseenNode)].sort((a, b) => (a.id < b.id ? -1 : 1));
  };
  const find = (id: string): NodeStatus => {
    const identity = identities.get(id);
    return nodes.get(id) ?? (identity === null ? notFound('node', id) : unseenNode(identity));
  };
  const show = (node: NodeStatus, state: State) => showNode(node, state, { identities, now: now() });
  return {
    listNodes: ({ query, state }) => paginate(all(), query, byId, (node) => show(node, state)),
    getNode: ({ params, state }) => show(find(params.nodeId), state),
    async revokeNode({ params: { nodeId }, state }) {
      const { zone } = find(nodeId);
      await membership.revoke(nodeId, identities.get(nodeId)?.zone || zone);
      health.forget(nodeId);
      return show(find(nodeId), state);
    },
    async forgetNode({ params: { nodeId } }) {
      find(nodeId);
      if (nodes.get(nodeId) !== null) nodes.forget(nodeId);
      health.forget(nodeId);
      await identities.forget(nodeId);
      await deleteNode(store, nodeId);
      return { id: nodeId };
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
    async createJoinToken({ body }) {
      const trust = membership.trust();
      if (trust === null) {
        throw new ProblemError(
          'tls-required',
          'nodes join over TLS alone: start the control plane with --api-certificate and --api-key, or --api-self-signed',
        );
      }
      const { row, token } = await tokens.create(body, trust.fingerprint);
      return { ...tokens.show(row), token };
    },
    getJoinToken: ({ params }) => tokens.show(tokens.get(params.joinTokenId)),
    revokeJoinToken: async ({ params }) => tokens.show(await tokens.revoke(params.joinTokenId)),
  };
}
