import { notFound } from '../resources/rules.ts';
import type { NodeIdentities } from './membership/node-identities.ts';
import { type NodeRegistry, type NodeStatus, unseenNode } from './registry.ts';

/** All nodes there are: those that have come, and those that have joined and never came. */
export interface KnownNodes {
  readonly nodes: Pick<NodeRegistry, 'get' | 'list'>;
  readonly identities: Pick<NodeIdentities, 'get' | 'list'>;
}

/** Those that have joined and never came. */
export function unseenNodes({ nodes, identities }: KnownNodes): NodeStatus[] {
  return identities
    .list()
    .filter(({ node }) => nodes.get(node) === null)
    .map(unseenNode);
}

/** In order of names. */
export function allNodes(known: KnownNodes): NodeStatus[] {
  return [...known.nodes.list(), ...unseenNodes(known)].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Throws `resource-not-found`. */
export function findNode({ nodes, identities }: KnownNodes, id: string): NodeStatus {
  const identity = identities.get(id);
  return nodes.get(id) ?? (identity === null ? notFound('node', id) : unseenNode(identity));
}
