import type { EjectionReasonName } from '@evenkeel/model/plan/stream.ts';

/** How a target of a service stands with the traffic of this node, beside what health checks say. Times are Unix ms. */
export interface TargetStanding {
  readonly serviceId: string;
  readonly targetId: string;
  readonly ejected: Ejected | null;
  /** Of its weight, in per cent: what it takes now. 0: ejected; below 100: it starts slowly. */
  readonly share: number;
  /** Too few targets of the service are healthy, so that all of them take traffic. */
  readonly failOpen: boolean;
}

export interface Ejected {
  readonly reason: EjectionReasonName;
  readonly since: number;
  readonly until: number;
  /** Ejections in a row; each takes twice as long as the one before. */
  readonly times: number;
}
