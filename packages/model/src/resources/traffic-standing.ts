import { EJECTION_REASONS } from '../plan/stream.ts';
import { Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';

export const Ejection = Output('Ejection', {
  reason: Words(
    EJECTION_REASONS,
    'What traffic showed: connections that failed in a row, errors in a row, a success rate far below that of the others, ' +
      'or a latency far above.',
  ),
  since: Timestamp('When it was ejected'),
  until: Timestamp('When it takes traffic again'),
  times: Type.Integer({ minimum: 1, description: 'Ejections in a row; each takes twice as long as the one before.' }),
});
export type Ejection = Static<typeof Ejection>;

/** How a target stands with the traffic, beside what health checks say of it. */
export const TrafficStanding = Output('TrafficStanding', {
  ejected: Nullable(Ref(Ejection)),
  share: Type.Integer({
    minimum: 0,
    maximum: 100,
    description: 'Percent of what its weight gives it: 0 when it is ejected, less than 100 while it starts slowly.',
  }),
  failOpen: Type.Boolean({
    description: 'Whether so few targets of the service are healthy that all of them take traffic.',
  }),
});
export type TrafficStanding = Static<typeof TrafficStanding>;
