import { JSON_LOG_FORMAT } from '@evenkeel/model/access-log-format.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { LogFormatter } from './log-format.ts';

/** The formats that the plan's listeners want, and the node's own for those that want none. */
export class PlannedFormats {
  readonly #standard: string;
  readonly #formatter = new LogFormatter();
  #plan: NodePlan | null = null;
  /** By listener, where it wants one. */
  #wanted: ReadonlyMap<string, string> = new Map();

  constructor(standard: string) {
    this.#standard = standard;
  }

  /** What gives lines their format under this plan; null: all of them stay as they are. */
  under(plan: NodePlan): ((lines: Uint8Array) => Uint8Array) | null {
    if (plan !== this.#plan) this.#wanted = wantedIn(plan);
    this.#plan = plan;
    if (this.#wanted.size === 0 && this.#standard === JSON_LOG_FORMAT) return null;
    return (lines) => this.#formatter.format(lines, (listenerId) => this.#wanted.get(listenerId) ?? this.#standard);
  }
}

function wantedIn({ entries }: NodePlan): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>();
  for (const entry of entries.values()) {
    if (entry.kind !== 'listener') continue;
    const { id, accessLogFormat = null } = entry.value;
    if (accessLogFormat !== null) wanted.set(id, accessLogFormat);
  }
  return wanted;
}
