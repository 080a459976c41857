import type { Service } from '../upstream/service.ts';
import type { ServiceReference } from './compiled-rule.ts';

interface Reference {
  service: Service | null;
  /** How many have taken it. */
  users: number;
}

/** Services as rules refer to them: a service that changes is another object, and all rules find it at once. */
export class ServiceReferences {
  readonly #services = new Map<string, Service>();
  readonly #references = new Map<string, Reference>();

  set(id: string, service: Service | null): void {
    if (service === null) this.#services.delete(id);
    else this.#services.set(id, service);
    const reference = this.#references.get(id);
    if (reference !== undefined) reference.service = service;
  }

  /** For one taker: `reference` finds services, `release` gives all back that it has found. */
  take(): { readonly reference: (id: string) => ServiceReference; readonly release: () => void } {
    const taken = new Set<string>();
    return {
      reference: (id) => {
        const known = this.#references.get(id);
        const reference = known ?? { service: this.#services.get(id) ?? null, users: 0 };
        if (known === undefined) this.#references.set(id, reference);
        if (!taken.has(id)) reference.users++;
        taken.add(id);
        return reference;
      },
      release: () => {
        for (const id of taken) {
          const reference = this.#references.get(id);
          if (reference !== undefined && --reference.users === 0) this.#references.delete(id);
        }
      },
    };
  }
}
