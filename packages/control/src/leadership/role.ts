/** Whether this control plane may write, and where the one is that may. */
export interface Role {
  readonly leads: boolean;
  /** The API of the leader; null: nobody knows of one. */
  readonly leader: string | null;
}

/** Of a control plane that has the state to itself. */
export const ALONE: Role = { leads: true, leader: null };
