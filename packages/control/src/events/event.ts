import { EVENTS, type EventKind, type EventSeverity } from '@evenkeel/model/history-words.ts';
import type { EventSubject, Event as ShownEvent } from '@evenkeel/model/resources/event.ts';
import type { EventRow } from '../store/schema.ts';

/** What is noticed; the log adds identifier, time and severity. */
export interface NewEvent {
  readonly kind: EventKind;
  /** null: it is about the installation. */
  readonly tenantId: string | null;
  readonly subject: EventSubject;
  readonly loadBalancerId?: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Whoever notices something tells it here. */
export type Emit = (event: NewEvent) => void;

/** What an event has that nobody looks for. */
type Body = Pick<ShownEvent, 'message' | 'data'> & { readonly name: string };

/** What is of no tenant has this in the place of one. */
export const INSTALLATION = '';

/** The row without its place among those of its tenant and severity. `at` in Unix milliseconds. */
export function toEventRow(event: NewEvent, id: string, at: number): Omit<EventRow, 'place'> {
  const body: Body = { message: event.message, data: event.data ?? {}, name: event.subject.name };
  return {
    id,
    tenant_id: event.tenantId ?? INSTALLATION,
    at,
    kind: event.kind,
    severity: EVENTS[event.kind],
    subject_kind: event.subject.kind,
    subject_id: event.subject.id,
    load_balancer_id: event.loadBalancerId ?? null,
    body: JSON.stringify(body),
  };
}

export function showEventRow(row: Omit<EventRow, 'place'>): ShownEvent {
  const { message, data, name } = JSON.parse(row.body) as Body;
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    kind: row.kind as EventKind,
    severity: row.severity as EventSeverity,
    tenantId: row.tenant_id === INSTALLATION ? null : row.tenant_id,
    subject: { kind: row.subject_kind, id: row.subject_id, name },
    loadBalancerId: row.load_balancer_id,
    message,
    data,
  };
}
