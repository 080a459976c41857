import { Id } from '../identifiers.ts';
import { Nullable, Output, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';

export const IDLE_REASONS = ['no-listeners', 'no-targets', 'no-traffic'] as const;

export const IdleLoadBalancer = Output(
  'IdleLoadBalancer',
  {
    loadBalancerId: Id('loadBalancer', 'The load balancer.'),
    name: Type.String({ description: 'Its name.' }),
    reason: Words(
      IDLE_REASONS,
      '`no-listeners`: nobody can connect to it; `no-targets`: none of its target groups has a target, and none of its ' +
        'rules answers by itself; `no-traffic`: no node has counted a connection or a byte for the days that were asked ' +
        'for, one at least.',
    ),
    quietSince: Nullable(
      Timestamp('Since when no node has counted anything, or since somebody looks; null: not all have said so lately'),
    ),
    createdAt: Timestamp('Creation'),
    days: Type.Integer({ description: 'Whole days since its creation.' }),
    deletionProtection: Type.Boolean({ description: 'Whether its deletion is refused.' }),
  },
  'A load balancer that does nothing.',
);
export type IdleLoadBalancer = Static<typeof IdleLoadBalancer>;
