import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';

/** Which addresses the listeners of a change are to have: what one of them gives up may be another one's. */
export class WantedAddresses {
  /** By address: who wants it; null: several do. */
  readonly #wanted = new Map<string, string | null>();

  constructor(listeners: ReadonlyMap<string, PlannedListener | null>) {
    for (const [id, planned] of listeners) {
      for (const address of planned?.addresses ?? []) {
        const known = this.#wanted.get(address);
        this.#wanted.set(address, known === undefined || known === id ? id : null);
      }
    }
  }

  /** Whether somebody else wants an address that the listener has. */
  byAnother({ id, addresses }: PlannedListener): boolean {
    return addresses.some((address) => this.#isForAnother(address, id));
  }

  /** The listener without those of its addresses that others want and that it is not to keep. */
  withoutThoseOfOthers(old: PlannedListener, keeping: readonly string[]): PlannedListener {
    const kept = old.addresses.filter((address) => keeping.includes(address) || !this.#isForAnother(address, old.id));
    return { ...old, addresses: kept };
  }

  #isForAnother(address: string, id: string): boolean {
    const by = this.#wanted.get(address);
    return by !== undefined && by !== id;
  }
}
