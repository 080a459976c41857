import { EVENT_KINDS, EVENT_SEVERITIES, type EventKind } from '../history-words.ts';
import { Id } from '../identifiers.ts';
import { EVENT_LOG } from '../limits.ts';
import { Event } from '../resources/event.ts';
import { Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['events'] as const;

const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

const filters = {
  subjectId: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'Only events about this resource, node or operation.' }),
  ),
  loadBalancerId: Type.Optional(Id('loadBalancer', 'Only events about this load balancer and what belongs to it.')),
  kind: Type.Optional(Words(EVENT_KINDS as readonly [EventKind, ...EventKind[]], 'Only events of this kind.')),
  severity: Type.Optional(Words(EVENT_SEVERITIES, 'Only events that matter at least so much.')),
};

export const eventRoutes = {
  listEvents: {
    method: 'GET',
    path: '/v1/events',
    summary: 'List events, the newest first',
    description:
      'Events of the tenant; whoever reaches all tenants sees those of the installation as well. ' +
      `They are kept for ${EVENT_LOG.days} days, of each tenant ${EVENT_LOG.entries} of each severity at most; the oldest go first.`,
    tags,
    query: ListQuery({
      ...filters,
      from: time('Only events of this time or later (RFC 3339).'),
      to: time('Only events before this time (RFC 3339).'),
    }),
    status: 200,
    response: Page(Event),
  },
  streamEvents: {
    method: 'GET',
    path: '/v1/events/stream',
    summary: 'Follow events as they happen',
    description:
      'Server-sent events: each has the identifier and kind of the event, and the event as JSON. With the header ' +
      '`Last-Event-ID`, which browsers send by themselves, or with `after`, it goes on after that event, with nothing ' +
      'missing that is still kept; an event `gap` comes first when that one is not. Without either it begins with what ' +
      `happens next. A comment each ${EVENT_LOG.heartbeat} seconds shows that it lives. An event \`end\` tells why it ends: ` +
      '`token-ended`, `leader-moved` or `shutting-down`. Whoever takes nothing for 30 seconds is cut off. A tenant has ' +
      `${EVENT_LOG.streams} streams at most.`,
    tags,
    query: Type.Object(
      { ...filters, after: Type.Optional(Id('event', 'Only events after this one.')) },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(Event),
    media: 'text/event-stream',
  },
} as const satisfies Record<string, Route>;
