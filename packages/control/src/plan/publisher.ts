import type { PlanMessage } from '@evenkeel/model/plan/stream.ts';
import type { State } from '../state/state.ts';
import { type CompiledPlan, compile } from './compile.ts';
import { diffParts } from './parts.ts';

/** Plans of the past that an agent can be brought on from by a delta. They share what is equal, so they cost little. */
const REMEMBERED = 256;

/** The plan of the present state, and what to send to someone who has an older one. */
export class PlanPublisher {
  #plan: CompiledPlan;
  readonly #past = new Map<number, CompiledPlan>();
  /** The frame made last: agents are usually at the same version. */
  #last: { readonly from: CompiledPlan; readonly to: CompiledPlan; readonly text: string } | null = null;

  constructor(state: State) {
    this.#plan = compile(state, null);
    this.#past.set(this.#plan.version, this.#plan);
  }

  get plan(): CompiledPlan {
    return this.#plan;
  }

  publish(state: State): void {
    if (state.generation === this.#plan.version) return;
    this.#plan = compile(state, this.#plan);
    this.#past.set(this.#plan.version, this.#plan);
    if (this.#past.size > REMEMBERED) this.#past.delete(this.#past.keys().next().value!);
  }

  /** The plan that someone has who names its version and hash; null when a snapshot is needed. */
  recall(version: number, hash: string): CompiledPlan | null {
    const past = this.#past.get(version);
    if (past?.hash === hash) return past;
    // After a restart the past is forgotten; but who has the entries of the present plan lacks its number alone.
    return version > 0 && version <= this.#plan.version && hash === this.#plan.hash ? { ...this.#plan, version } : null;
  }

  /** What brings someone who has the plan `from` to the present one, as the text of a frame. */
  frame(from: CompiledPlan | null): string {
    const to = this.#plan;
    if (from === null) {
      const snapshot: PlanMessage = {
        type: 'snapshot',
        version: to.version,
        hash: to.hash,
        entries: [...to.entries.values()],
      };
      return JSON.stringify(snapshot);
    }
    if (this.#last?.from === from && this.#last.to === to) return this.#last.text;
    const delta: PlanMessage = { type: 'delta', ...diffParts(from, to) };
    const text = JSON.stringify(delta);
    this.#last = { from, to, text };
    return text;
  }
}
