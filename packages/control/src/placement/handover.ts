import type { ListenerRecord, LoadBalancerRecord } from '../state/records.ts';
import { type Ground, isIn, isPlacedOn, type NodePlace, type Placeable, zoneOf } from './place.ts';
import type { Handover } from './placement.ts';

/** Who has to have a load balancer in good order before another node lets go of it. */

/** A node as it is now. */
export interface PresentNode extends NodePlace {
  /** It was revoked, or has been away for so long that others take its place. */
  readonly gone: boolean;
  /** It is connected, and has said since then what it runs and what it refuses. */
  readonly reported: boolean;
  readonly appliedGeneration: number;
  /** Listeners that it cannot run, as far as it has said. */
  readonly refuses: (listenerId: string) => boolean;
}

/** What goes from node to node. */
export interface Moving {
  readonly loadBalancer: LoadBalancerRecord;
  readonly listeners: ReadonlyMap<string, ListenerRecord>;
}

/**
 * The nodes that node `name` waits for until it lets go of the load balancer; none: it may let go. Those that it goes to
 * have to take it over, all but the ones that are gone while others are left. A drained node that nobody takes the place of
 * waits until one of the nodes of its zone that keep the load balancer is known to run it.
 */
export function awaitedBy(
  name: string,
  { to, generation }: Handover,
  { loadBalancer, listeners }: Moving,
  ground: Ground,
  nodes: readonly PresentNode[],
): string[] {
  const runsIt = (node: PresentNode) =>
    node.reported &&
    node.appliedGeneration >= generation &&
    !listeners.keys().some((listenerId) => node.refuses(listenerId));
  const takers = nodes.filter(({ id }) => to.includes(id));
  const open = unlessGone(takers).filter((node) => !runsIt(node));
  if (open.length > 0) return open.map(({ id }) => id);
  const keepers = keepersOf(name, ground, loadBalancer, nodes);
  if (keepers.some(runsIt)) return [];
  return unlessGone(keepers).map(({ id }) => id);
}

/**
 * The nodes of the zone of a drained node that have the load balancer, and any of which is enough to let go of it. None:
 * the node is not drained, or it is by force and there is no other.
 */
export function keepersOf(
  name: string,
  ground: Ground,
  loadBalancer: Placeable,
  nodes: readonly PresentNode[],
): readonly PresentNode[] {
  const drain = ground.duties.get(name)?.drain ?? null;
  const drained = nodes.find(({ id }) => id === name);
  if (drain === null || drained === undefined) return [];
  const zone = zoneOf(drained);
  if (!isIn(ground, loadBalancer, zone)) return [];
  const others = nodes.filter((node) => node.id !== name && zoneOf(node) === zone);
  const having = others.filter((node) => isPlacedOn(ground, loadBalancer, node));
  // Where a number of nodes is wanted, those that are gone have nothing; one of them may be all that there is to wait for.
  const keepers = having.length > 0 ? having : others.filter(({ id, gone }) => gone && !ground.duties.has(id));
  return drain.force ? keepers.filter(({ gone }) => !gone) : keepers;
}

/** Those that are not gone; all when there is nobody else. */
function unlessGone(nodes: readonly PresentNode[]): readonly PresentNode[] {
  const there = nodes.filter(({ gone }) => !gone);
  return there.length > 0 ? there : nodes;
}
