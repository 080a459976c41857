import type { PlanMessage } from '@evenkeel/model/plan/stream.ts';
import type { NodePlace } from '../placement/place.ts';
import type { State } from '../state/state.ts';
import { type CompiledPlan, compile } from './compile.ts';
import { differing, diffParts } from './parts.ts';
import { type PlanBefore, planOnNode } from './placed.ts';

/** Plans of the past that an agent can be brought on from by a delta. They share what is equal, so they cost little. */
const REMEMBERED = 256;
/** Nodes of which it is known what they had last; of more, those asked for last. */
const NODES = 2_048;

/** What a node had last, and what it was made of. */
interface Placed {
  readonly of: CompiledPlan;
  readonly zone: string;
  readonly plan: CompiledPlan;
}

/** The plan of the present state, what each node has of it, and what to send to someone who has an older one. */
export class PlanPublisher {
  #state: State;
  #plan: CompiledPlan;
  readonly #past = new Map<number, CompiledPlan>();
  readonly #placed = new Map<string, Placed>();
  /** What the last change was, unless it was one of where load balancers are. */
  #since: PlanBefore['since'] = null;
  /** The frame made last: agents are usually at the same version. */
  #last: { readonly from: CompiledPlan; readonly to: CompiledPlan; readonly text: string } | null = null;

  constructor(state: State) {
    this.#state = state;
    this.#plan = compile(state, null);
    this.#past.set(this.#plan.version, this.#plan);
  }

  /** Of all load balancers, wherever they are placed. */
  get plan(): CompiledPlan {
    return this.#plan;
  }

  /** What the node is to have: the same object until there is a new state, and that of all load balancers if it has all. */
  planFor(node: NodePlace): CompiledPlan {
    const known = this.#placed.get(node.id);
    if (known?.of === this.#plan && known.zone === node.zone) return known.plan;
    const since = known?.of === this.#since?.whole && known?.zone === node.zone ? this.#since : null;
    const plan = planOnNode(this.#plan, this.#state, node, known === undefined ? null : { plan: known.plan, since });
    this.#placed.delete(node.id);
    this.#placed.set(node.id, { of: this.#plan, zone: node.zone, plan });
    if (this.#placed.size > NODES) this.#placed.delete(this.#placed.keys().next().value!);
    return plan;
  }

  publish(state: State): void {
    if (state.generation === this.#plan.version) return;
    const [old, before] = [this.#plan, this.#state];
    this.#state = state;
    this.#plan = compile(state, old, before);
    const changed = () => new Set(differing(old.entries.parts, this.#plan.entries.parts));
    this.#since = samePlaces(before, state) ? { whole: old, changed: changed() } : null;
    this.#past.set(this.#plan.version, this.#plan);
    if (this.#past.size > REMEMBERED) this.#past.delete(this.#past.keys().next().value!);
  }

  /** The plan that a node has that names its version and hash; null when a snapshot is needed. */
  recall(node: NodePlace, version: number, hash: string): CompiledPlan | null {
    const last = this.#placed.get(node.id)?.plan;
    for (const past of [this.#past.get(version), last])
      if (past?.version === version && past.hash === hash) return past;
    // After a restart the past is forgotten; but who has the entries of the present plan lacks its number alone.
    const present = this.planFor(node);
    return version > 0 && version <= present.version && hash === present.hash ? { ...present, version } : null;
  }

  /** What brings someone who has the plan `from` to the plan `to`, as the text of a frame. */
  frame(from: CompiledPlan | null, to: CompiledPlan): string {
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

function samePlaces(a: State, b: State): boolean {
  return a.placement === b.placement && a.duties === b.duties && a.zones === b.zones;
}
