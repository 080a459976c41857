import type { NodeDrainInput } from '@evenkeel/model/resources/placement.ts';
import { NODE_DRAIN } from '@evenkeel/model/zones.ts';
import { ProblemError } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import type { Draft } from '../state/draft.ts';
import type { NodeDutyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { isPlacedOn, type NodePlace, zoneOf } from './place.ts';

export interface KnownNode extends NodePlace {
  readonly connectedAt: number | null;
  /** It has joined and never came, so that it has nothing. */
  readonly isUnseen?: boolean;
}

/** What changes about a node that is taken out of use, or into it again. */
type Duty = Pick<NodeDutyRecord, 'duty' | 'keeps' | 'drain'>;

/** It keeps what it has. One that is cordoned, or drained, stays as it is. */
export function cordon(draft: Draft, nodes: readonly KnownNode[], id: string): NodeDutyRecord {
  const node = find(nodes, id);
  const known = draft.duties.get(id);
  if (known !== undefined) {
    if (known.duty === 'cordoned') return known;
    throw new ProblemError('node-drained', `node ${id} is drained, which is more than cordoned`);
  }
  const keeps = node.isUnseen ? [] : placedOn(draft.whole, node);
  return put(draft, id, { duty: 'cordoned', keeps, drain: null });
}

/** The node serves again. */
export function uncordon(draft: Draft, nodes: readonly KnownNode[], id: string): void {
  find(nodes, id);
  const known = draft.duties.get(id);
  if (known !== undefined) draft.remove('node', known);
}

/** What it has goes to others; refused when nobody else in its zone takes load balancers. */
export function drain(
  draft: Draft,
  nodes: readonly KnownNode[],
  id: string,
  { deadline = NODE_DRAIN.default, force = false }: NodeDrainInput,
): NodeDutyRecord {
  const node = find(nodes, id);
  const others = nodes.filter((other) => other.id !== id && zoneOf(other) === zoneOf(node));
  const isSafe = force || node.isUnseen === true;
  if (!isSafe && !others.some((other) => other.connectedAt !== null && !draft.duties.has(other.id))) {
    const reason = `no other node of zone ${zoneOf(node)} is online and takes load balancers`;
    throw new ProblemError('last-of-zone', `${reason}: what node ${id} has would be on none there`);
  }
  return put(draft, id, { duty: 'drained', keeps: [], drain: { since: draft.context.now, seconds: deadline, force } });
}

function put(draft: Draft, id: string, fields: Duty): NodeDutyRecord {
  const known = draft.duties.get(id);
  return known === undefined ? draft.create('node', { id, name: id, ...fields }) : draft.update('node', known, fields);
}

/** Identifiers of the load balancers of all tenants that a node has. */
function placedOn(state: State, node: NodePlace): string[] {
  return Array.from(state.loadBalancers.values(), ({ loadBalancer }) => loadBalancer)
    .filter((loadBalancer) => isPlacedOn(state, loadBalancer, node))
    .map(({ id }) => id);
}

function find(nodes: readonly KnownNode[], id: string): KnownNode {
  return nodes.find((node) => node.id === id) ?? notFound('node', id);
}
