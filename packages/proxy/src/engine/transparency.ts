import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { EngineChange } from './engine.ts';
import { servicesOf } from './service-users.ts';
import type { Tables } from './tables.ts';

/** Says why this node cannot send from clients' addresses: the system's name of the error; null when it can. */
export type TransparencyProbe = () => string | null;

/**
 * Finds the listeners that this node cannot run because a service of theirs is transparent: their targets would be told
 * another address than the client's, or nothing would reach them.
 */
export class Transparency {
  readonly #tables: Tables;
  readonly #probe: TransparencyProbe;
  /** Transparent services, as of the last change. */
  readonly #services = new Set<string>();

  constructor(tables: Tables, probe: TransparencyProbe) {
    this.#tables = tables;
    this.#probe = probe;
  }

  /** Of the listeners that run or come, once the change is applied. It is not yet in the tables. */
  refusals({ services, shared, listeners }: EngineChange): RefusedListener[] {
    for (const [id, service] of services) {
      if (service?.service.transparent === true) this.#services.add(id);
      else this.#services.delete(id);
    }
    const code = this.#services.size === 0 ? null : this.#probe();
    if (code === null) return [];
    const planned = new Map(this.#tables.listeners().map((listener) => [listener.id, listener]));
    for (const [id, listener] of listeners) {
      if (listener === null) planned.delete(id);
      else planned.set(id, listener);
    }
    return [...planned.values()].flatMap((listener) => {
      const service = this.#transparentServiceOf(listener, shared);
      return service === undefined ? [] : [refusal(listener.id, service, code)];
    });
  }

  #transparentServiceOf(listener: PlannedListener, shared: EngineChange['shared']): string | undefined {
    const id = listener.ruleGroupId ?? '';
    const entry = shared.get(`rule-group/${id}`);
    const rules = entry?.kind === 'rule-group' ? entry.value : this.#tables.ruleGroup(id);
    return servicesOf(listener, rules)
      .values()
      .find((id) => this.#services.has(id));
  }
}

function refusal(listenerId: string, serviceId: string, code: string): RefusedListener {
  return {
    listenerId,
    code: 'permission-denied',
    detail:
      `service ${serviceId} is transparent, and this node may not send from the addresses of clients (${code}): ` +
      'the node agent needs CAP_NET_ADMIN',
  };
}
