import { remedyOf } from '@evenkeel/model/refusals.ts';
import { leadingFirst } from '@evenkeel/model/resources/leading.ts';
import type { Outcome } from '../nodes/operations.ts';
import type { OperationRecord } from '../store/history.ts';
import type { NewEvent } from './event.ts';

/** What there is to tell of an operation that is settled. */
export function settledEvent(
  operation: OperationRecord,
  { outcome, refused, leftOut, cancelledBy }: Outcome,
): NewEvent {
  const { id, tenantId, action, generation, resources } = operation;
  const about = aboutOf(resources);
  const subject = { kind: 'operation', id, name: action };
  const loadBalancer = resources.find(({ kind }) => kind === 'loadBalancer');
  const event = {
    tenantId,
    subject,
    ...(loadBalancer && { loadBalancerId: loadBalancer.id }),
    data: {
      action,
      generation,
      resources,
      refused: refused.map((one) => ({ ...one, ...remedyOf(one.code) })),
      leftOut,
    },
  };
  if (outcome === 'cancelled') {
    const message = `The ${action}${about} was taken back by ${cancelledBy} before every node had it.`;
    return { ...event, data: { ...event.data, cancelledBy }, kind: 'operation.cancelled', message };
  }
  const [refusal] = refused;
  if (refusal === undefined) {
    return {
      ...event,
      kind: 'operation.applied',
      message: `The ${action}${about} runs on every node${butFor(leftOut)}.`,
    };
  }
  const { node, listenerId, code, detail } = refusal;
  const why = `node ${node} cannot run listener ${listenerId} (${detail || code})`;
  return {
    ...event,
    kind: 'operation.refused',
    message: `The ${action}${about} is saved, but ${why}; what ran there before goes on.`,
  };
}

function aboutOf(resources: OperationRecord['resources']): string {
  const [first, ...more] = leadingFirst(resources);
  if (first === undefined) return '';
  return ` of ${first.name || first.id}${more.length === 0 ? '' : ` (and ${more.length} more)`}`;
}

/** Those that were not waited for. */
function butFor(nodes: readonly string[]): string {
  if (nodes.length === 0) return '';
  return ` but ${nodes.join(', ')}, which ${nodes.length === 1 ? 'catches' : 'catch'} up when back`;
}
