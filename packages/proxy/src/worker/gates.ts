import { sourceGateOf } from '../protection/source-gate.ts';
import type { Listener } from './listener.ts';
import type { WorkerSharedEntry } from './messages.ts';

/** Who may connect to each listener, by the security groups as they are now. */
export class Gates {
  readonly #entryOf: (id: string) => WorkerSharedEntry | undefined;
  /** By security group. */
  readonly #users = new Map<string, Set<Listener>>();
  readonly #groups = new Map<Listener, readonly string[]>();

  /** `entryOf`: the entry of a security group. */
  constructor(entryOf: (id: string) => WorkerSharedEntry | undefined) {
    this.#entryOf = entryOf;
  }

  /** The listener is new, or its plan has changed. */
  set(listener: Listener): void {
    this.forget(listener);
    const { securityGroups = [] } = listener.planned;
    for (const id of securityGroups) {
      const users = this.#users.get(id);
      if (users === undefined) this.#users.set(id, new Set([listener]));
      else users.add(listener);
    }
    if (securityGroups.length > 0) this.#groups.set(listener, securityGroups);
    this.#make(listener);
  }

  /** For new connections: those that are there go on. */
  changed(groupId: string): void {
    for (const listener of this.#users.get(groupId) ?? []) this.#make(listener);
  }

  forget(listener: Listener): void {
    for (const id of this.#groups.get(listener) ?? []) {
      const users = this.#users.get(id);
      users?.delete(listener);
      if (users?.size === 0) this.#users.delete(id);
    }
    this.#groups.delete(listener);
  }

  #make(listener: Listener): void {
    listener.gate = sourceGateOf(listener.planned, (id) => {
      const entry = this.#entryOf(id);
      return entry?.kind === 'security-group' ? entry.value : undefined;
    });
  }
}
