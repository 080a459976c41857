import type { LeaderPlace } from '../store/postgres/postgres-database.ts';

/** Whether this control plane may write, and where the one is that may. */
export interface Role {
  readonly leads: boolean;
  /** Null: nobody knows of one, or there is none to look for. */
  readonly leader: LeaderPlace | null;
}

/** Of a control plane that has the state to itself. */
export const ALONE: Role = { leads: true, leader: null };
