import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace } from '../../packages/flow/test/namespaces.ts';

/** What the API says, for what is asked again and again: without a command line of the product each time. */
export class ApiReader {
  readonly #namespace: Namespace;
  readonly #url: string;
  readonly #home: string;
  #authorization: string | null = null;

  /** `home`: of the control plane, which has written its credentials there by the first question. */
  constructor(namespace: Namespace, url: string, home: string) {
    this.#namespace = namespace;
    this.#url = url;
    this.#home = home;
  }

  /** Throws where it does not answer with 200. */
  get<T>(path: string): T {
    this.#authorization ??= `Authorization: Bearer ${tokenOf(this.#home)}`;
    const flags = ['-skf', '--max-time', '20', '-H', this.#authorization];
    return JSON.parse(this.#namespace.run('curl', ...flags, `${this.#url}${path}`)) as T;
  }

  /** All targets of all services are healthy at all nodes, and this is how many there are. */
  isHealthy(count: number): boolean {
    const { items } = this.get<{ readonly items: readonly { readonly state: string }[] }>('/v1/target-health');
    return items.length === count && items.every(({ state }) => state === 'healthy');
  }
}

function tokenOf(home: string): string {
  return (JSON.parse(readFileSync(join(home, 'credentials', 'admin.json'), 'utf8')) as { token: string }).token;
}
