import { IMPACT } from '../limits.ts';
import { Nullable, Output, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { AskedNode } from './ended-request.ts';

/** From what a client notices least to what it notices most. */
export const EFFECTS = ['created', 'new-connections', 'draining', 'ended'] as const;
export type Effect = (typeof EFFECTS)[number];

export const TouchedListener = Output('TouchedListener', {
  listenerId: Nullable(Type.String({ description: 'The listener; null: it is not there yet.' })),
  name: Type.String({ description: 'Name of the listener.' }),
  loadBalancer: Type.String({ description: 'Name of its load balancer.' }),
  effect: Words(
    EFFECTS,
    '`created`: it begins to listen. `new-connections`: what is under way goes on as it began, new connections and ' +
      'requests meet the change. `draining`: the same, but what runs to targets that leave has the drain time to end. ' +
      '`ended`: it listens no more; what is under way has the drain time to end.',
  ),
  reasons: Type.Array(Type.String(), { description: 'What touches it, in words; the first ones.' }),
  connections: Nullable(
    Type.Integer({ description: 'Connections that are open on all nodes that answered; null: no node has answered.' }),
  ),
});
export type TouchedListener = Static<typeof TouchedListener>;

export const Impact = Output(
  'Impact',
  {
    listeners: Type.Array(Ref(TouchedListener), {
      description: `Listeners that are touched, those first whose clients notice most; the first ${IMPACT.listeners}. All others are left alone.`,
    }),
    touched: Type.Integer({ description: 'How many listeners are touched.' }),
    connections: Nullable(
      Type.Integer({ description: 'Open connections of the listeners above; null: no node has answered.' }),
    ),
    nodes: Type.Array(Ref(AskedNode), { description: 'The nodes that carry it, and whether they have answered.' }),
  },
  'What a change would mean for traffic.',
);
export type Impact = Static<typeof Impact>;
