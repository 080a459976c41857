import { PatternError } from '@evenkeel/model/regex/syntax.ts';
import type { Service } from '../upstream/service.ts';
import type { Listener } from '../worker/listener.ts';
import type { WorkerSharedChange } from '../worker/messages.ts';
import { type PackedRules, unpackRules } from './packed-rules.ts';
import { RuleSet } from './rule-set.ts';
import { ServiceReferences } from './service-references.ts';
import type { Steps } from './steps.ts';

interface Compiled {
  readonly rules: RuleSet;
  readonly release: () => void;
}

/** The rule groups of one worker: each compiled once, and shared by the listeners that have it. */
export class RuleSets {
  readonly #counts: Float64Array;
  readonly #references = new ServiceReferences();
  readonly #sets = new Map<string, Compiled>();
  readonly #users = new Map<string, Set<Listener>>();
  /** Why a group is not there, for those that cannot be compiled. */
  readonly #faults = new Map<string, string>();

  /** `counts`: requests by slot of the rule. */
  constructor(counts: Float64Array) {
    this.#counts = counts;
  }

  /**
   * Compiles a group; `slots` are those of its rules. Until what it returns is called, the one before it is in force. One
   * that cannot be compiled leaves that in place for good, and listeners are refused.
   */
  *compile(group: PackedRules, slots: ArrayLike<number>): Steps<() => void> {
    const { id, name, order } = group;
    const taking = this.#references.take();
    try {
      const counting = { counts: this.#counts, slots };
      const rules = yield* RuleSet.compile(order, unpackRules(group), taking.reference, counting);
      return () => this.#set(id, { rules, release: taking.release });
    } catch (error) {
      taking.release();
      if (!(error instanceof PatternError)) throw error;
      const fault = `rule group ${name}: a regular expression ${error.message}`;
      return () => this.#faults.set(id, fault);
    }
  }

  /** The groups among what changes; returns what puts each of them in force. */
  *compileAll(shared: readonly WorkerSharedChange[]): Steps<readonly (() => void)[]> {
    const settings: (() => void)[] = [];
    for (const { entry } of shared) {
      if (entry?.kind === 'rule-group') settings.push(yield* this.compile(entry.value, entry.slots));
    }
    return settings;
  }

  #set(id: string, compiled: Compiled): void {
    this.#sets.get(id)?.release();
    this.#sets.set(id, compiled);
    this.#faults.delete(id);
    for (const listener of this.#users.get(id) ?? []) listener.rules = compiled.rules;
  }

  /** Nobody refers to it any more. */
  remove(id: string): void {
    this.#sets.get(id)?.release();
    this.#sets.delete(id);
    this.#faults.delete(id);
  }

  /** Why no listener can have the group; empty when one can, or when there is none to have. */
  faultOf(id: string | null): string {
    if (id === null) return '';
    return this.#faults.get(id) ?? (this.#sets.has(id) ? '' : `rule group ${id} is not there`);
  }

  join(listener: Listener): void {
    const id = listener.planned.ruleGroupId;
    listener.rules = id === null ? null : (this.#sets.get(id)?.rules ?? null);
    if (id === null) return;
    const users = this.#users.get(id);
    if (users === undefined) this.#users.set(id, new Set([listener]));
    else users.add(listener);
  }

  /** The listener's plan is about to change. Its requests are judged by the same rules until it joins again. */
  leave(listener: Listener): void {
    const id = listener.planned.ruleGroupId;
    if (id === null) return;
    const users = this.#users.get(id);
    users?.delete(listener);
    if (users?.size === 0) this.#users.delete(id);
  }

  setService(id: string, service: Service | null): void {
    this.#references.set(id, service);
  }
}
