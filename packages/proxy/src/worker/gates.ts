import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { DENY_LISTS, isOfInstallation } from '@evenkeel/model/plan/block-list.ts';
import { BlockReader } from '../protection/block-reader.ts';
import { type DenialMemory, type DenialReader, denialsIn } from '../protection/denial-reader.ts';
import { sourceGateOf } from '../protection/source-gate.ts';
import type { Listener } from './listener.ts';
import type { WorkerBlockList, WorkerSharedEntry } from './messages.ts';

/** Who may connect to each listener, by the security groups and block lists as they are now. */
export class Gates {
  readonly #entryOf: (id: string) => WorkerSharedEntry | undefined;
  readonly #listeners = new Set<Listener>();
  /** By security group. */
  readonly #users = new Map<string, Set<Listener>>();
  readonly #groups = new Map<Listener, readonly string[]>();
  /** By tenant. */
  readonly #blocked = new Map<string, BlockReader>();
  readonly #denialMemory: DenialMemory = { denied: null, allowed: null };
  /** Of the installation; null: nobody is denied. */
  #denials: DenialReader | null = null;

  /** `entryOf`: the entry of a security group. */
  constructor(entryOf: (id: string) => WorkerSharedEntry | undefined) {
    this.#entryOf = entryOf;
  }

  /** The listener is new, or its plan has changed. */
  set(listener: Listener): void {
    this.forget(listener);
    this.#listeners.add(listener);
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

  /** The block list of a tenant, or one of those that are the deny list, lies elsewhere. */
  block({ tenantId, memory }: WorkerBlockList): void {
    if (isOfInstallation(tenantId)) {
      this.#denialMemory[tenantId === DENY_LISTS.denied ? 'denied' : 'allowed'] = memory;
      this.#denials = denialsIn(this.#denialMemory);
      for (const listener of this.#listeners) this.#make(listener);
      return;
    }
    this.#blocked.set(tenantId, new BlockReader(memory));
    for (const listener of this.#listeners) if (tenantOf(listener) === tenantId) this.#make(listener);
  }

  forget(listener: Listener): void {
    this.#listeners.delete(listener);
    for (const id of this.#groups.get(listener) ?? []) {
      const users = this.#users.get(id);
      users?.delete(listener);
      if (users?.size === 0) this.#users.delete(id);
    }
    this.#groups.delete(listener);
  }

  #make(listener: Listener): void {
    const groupOf = (id: string) => {
      const entry = this.#entryOf(id);
      return entry?.kind === 'security-group' ? entry.value : undefined;
    };
    const blocked = this.#blocked.get(tenantOf(listener)) ?? null;
    listener.gate = sourceGateOf(listener.planned, groupOf, { blocked, denials: this.#denials });
  }
}

function tenantOf({ planned }: Listener): string {
  return planned.tenantId ?? DEFAULT_TENANT.id;
}
