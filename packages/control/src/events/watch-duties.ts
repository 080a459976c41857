import type { NodeDrainage } from '@evenkeel/model/resources/placement.ts';
import type { Outcome } from '../nodes/operations.ts';
import type { NodeDutyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { OperationRecord } from '../store/history.ts';
import type { Emit, NewEvent } from './event.ts';

type Duties = State['duties'];

/** Notices that nodes are taken out of use and into it again, by comparing each state with the one before it. */
export class DutyWatch {
  readonly #isNode: (id: string) => boolean;
  readonly #emit: Emit;
  #known: Duties;

  /** `isNode`: of one that was forgotten is told elsewhere. */
  constructor(known: Duties, isNode: (id: string) => boolean, emit: Emit) {
    this.#known = known;
    this.#isNode = isNode;
    this.#emit = emit;
  }

  look(duties: Duties): void {
    const before = this.#known;
    if (before === duties) return;
    this.#known = duties;
    for (const record of duties.values()) {
      const event = takenOut(record, before.get(record.id));
      if (event !== null) this.#emit(event);
    }
    for (const { id, duty } of before.values()) {
      if (duties.has(id) || !this.#isNode(id)) continue;
      const message = `Node ${id} is in use again; it was ${duty}.`;
      this.#emit({ ...aboutNode(id), kind: 'node.uncordoned', message, data: { before: duty } });
    }
  }
}

/** Null: it is as it was before. */
function takenOut({ id, duty, drain }: NodeDutyRecord, before: NodeDutyRecord | undefined): NewEvent | null {
  if (drain === null) {
    if (before?.duty === duty) return null;
    return { ...aboutNode(id), kind: 'node.cordoned', message: `Node ${id} is cordoned: nothing new is placed on it.` };
  }
  const { since, seconds, force } = drain;
  if (before?.drain?.since === since && before.drain.seconds === seconds) return null;
  const deadline = new Date(since + seconds * 1_000).toISOString();
  const message = `Node ${id} is being drained; its connections have until ${deadline}.`;
  return { ...aboutNode(id), kind: 'drain.begun', message, data: { deadline, force } };
}

/**
 * What there is to tell of a drain whose operation is settled. `drainage`: how far it is then. Null: the operation is none,
 * or something else has been asked of the node since.
 */
export function drainEvent(
  { action, resources }: OperationRecord,
  { outcome }: Outcome,
  drainage: NodeDrainage | null,
): NewEvent | null {
  const [node] = resources;
  if (action !== 'drainNode' || node === undefined || outcome === 'cancelled' || drainage === null) return null;
  const { id } = node;
  const { waitsFor, connections, kernelFlows, deadline } = drainage;
  const about = { ...aboutNode(id), data: { connections, kernelFlows, waitsFor, deadline } };
  if (outcome === 'refused') {
    const message = `The deadline of the drain of node ${id} is over; it goes on with what ${waitsFor.join(', ')} cannot take over.`;
    return { ...about, kind: 'drain.overdue', message };
  }
  if (connections === null) {
    const message = `The drain of node ${id} has ended; how many connections are left there is not known.`;
    return { ...about, kind: 'drain.ended', message };
  }
  if (connections === 0)
    return { ...about, kind: 'drain.ended', message: `Node ${id} is drained: nothing is left there.` };
  const message = `The deadline of the drain of node ${id} is over, with ${connections} open connections left there.`;
  return { ...about, kind: 'drain.overdue', message };
}

function aboutNode(id: string): Pick<NewEvent, 'tenantId' | 'subject'> {
  return { tenantId: null, subject: { kind: 'node', id, name: '' } };
}
