import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import { StickTable, type StickTableMemory } from './stick-table.ts';

export type PlannedMemory = Exclude<PlannedStickiness, { readonly type: 'cookie' }>;

/** Clients of one service that are known by their address, or by a cookie of their target's, as one worker sees them. */
export class RememberedClients {
  /** Name of the targets' cookie; null: clients are known by their address. */
  readonly cookieName: Uint8Array | null;
  readonly table: StickTable;
  /** In milliseconds. */
  readonly #timeout: number;

  constructor(planned: PlannedMemory, memory: StickTableMemory) {
    this.cookieName = planned.type === 'application-cookie' ? Buffer.from(planned.cookieName, 'latin1') : null;
    this.table = new StickTable(memory);
    this.#timeout = planned.timeout;
  }

  /** Number of the target that this client was with; -1 when it is not known (any more). `wallTime` in milliseconds. */
  find(key: number, wallTime: number): number {
    return this.table.find(key, wallTime - this.#timeout);
  }

  remember(key: number, target: number, wallTime: number): void {
    this.table.remember(key, target, wallTime);
  }
}
