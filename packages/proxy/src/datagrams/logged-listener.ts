import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';

/** The listener as the log has it: one of both transports says which one a session was of. */
export interface LoggedListener {
  readonly planned: PlannedListener;
}

export function loggedAsDatagrams(planned: PlannedListener): LoggedListener {
  return { planned: planned.protocol === 'udp' ? planned : { ...planned, protocol: 'udp' } };
}
