import { FIRST_STREAM_VERSION } from '@evenkeel/model/plan/membership.ts';
import { MOST_PEERS, type PeersMessage } from '@evenkeel/model/plan/sharing.ts';
import type { NodeStatus } from './registry.ts';

/**
 * With whom each node shares flows: all others of its zone that can be reached, in order of names, up to a bound; and
 * nodes that name no zone with each other. Nodes that share nothing are not told of anybody.
 */
export function zonePeers(nodes: readonly NodeStatus[]): ReadonlyMap<string, PeersMessage> {
  const zones = new Map<string, NodeStatus[]>();
  for (const node of nodes) {
    if (node.sharing?.address == null) continue;
    const zone = zones.get(node.zone) ?? [];
    zones.set(node.zone, zone);
    zone.push(node);
  }
  const told = new Map<string, PeersMessage>();
  for (const members of zones.values()) {
    for (const { id } of members) {
      const others = members.filter((other) => other.id !== id).slice(0, MOST_PEERS);
      told.set(id, {
        type: 'peers',
        peers: others.map(({ id: node, sharing, protocol }) => ({
          node,
          address: sharing!.address!,
          port: sharing!.port!,
          ...(protocol > FIRST_STREAM_VERSION && { takesZoneKeys: true }),
        })),
      });
    }
  }
  return told;
}
