import { EVENT_KINDS, EVENT_SEVERITIES, type EventKind } from '../history-words.ts';
import { Nullable, Output, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';

/** What events can be about, beside resources. */
export const EventSubject = Output('EventSubject', {
  kind: Type.String({ description: 'Kind of resource, `node`, `operation` or `backup`.' }),
  id: Type.String({ description: 'Identifier.' }),
  name: Type.String({ description: 'Name at that time; empty: it has none.' }),
});
export type EventSubject = Static<typeof EventSubject>;

export const Event = Output(
  'Event',
  {
    id: Type.String({ description: 'Identifier of the event. Later events have greater ones.' }),
    at: Timestamp('When it was noticed'),
    kind: Words(EVENT_KINDS as readonly [EventKind, ...EventKind[]], 'What happened.'),
    severity: Words(EVENT_SEVERITIES, 'How much it matters.'),
    tenantId: Nullable(
      Type.String({ description: 'The tenant that it is about; null: it is about the installation.' }),
    ),
    subject: Type.Unsafe<EventSubject>({ $ref: 'EventSubject#' }),
    loadBalancerId: Nullable(Type.String({ description: 'The load balancer that the subject belongs to.' })),
    message: Type.String({ description: 'What happened, in a sentence.' }),
    data: Type.Unsafe<Readonly<Record<string, unknown>>>({
      type: 'object',
      description: 'More about it, by kind of event; see the guide.',
    }),
  },
  'Something that happened: noticed by the control plane or its nodes, and asked for by nobody.',
);
export type Event = Static<typeof Event>;
