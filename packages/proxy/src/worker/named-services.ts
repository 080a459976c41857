import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { ServerNames } from '../tls/server-names.ts';
import type { Service } from '../upstream/service.ts';
import type { ServiceSource } from './listener.ts';

/** The service of an identifier, as it is whenever it is asked for. */
class NamedService implements ServiceSource {
  readonly #services: ReadonlyMap<string, Service>;
  readonly #id: string;

  constructor(services: ReadonlyMap<string, Service>, id: string) {
    this.#services = services;
    this.#id = id;
  }

  get service(): Service | null {
    return this.#services.get(this.#id) ?? null;
  }
}

/** The services of a listener that passes TLS through by server names; null: it has no names. */
export function namedServices(
  { serverNames }: PlannedListener,
  services: ReadonlyMap<string, Service>,
): ServerNames<ServiceSource> | null {
  if (serverNames.length === 0) return null;
  const names = new ServerNames<ServiceSource>();
  for (const { name, serviceId } of serverNames) names.set(name, new NamedService(services, serviceId));
  return names;
}
