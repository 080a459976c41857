import type { Client } from '@evenkeel/client/client.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { ChangingGroup } from './changing-group.ts';

export interface Written {
  readonly operationId: string;
}

export interface RandomChangesOptions {
  readonly client: Client;
  readonly random: Random;
  /** The load balancer that carries traffic meanwhile. */
  readonly loadBalancerId: string;
  readonly elasticIpId: string;
  /** Its listener that may be changed, though never so that it does not serve. */
  readonly listenerId: string;
  /** Two services of the same targets for that listener. */
  readonly serviceIds: readonly [string, string];
  readonly group: ChangingGroup;
}

/** Objects of a kind that come and go; more than this many are not kept. */
const MOST = 12;
/** Ports from here on belong to the listeners that come and go. */
const FIRST_PORT = 20_000;

/** Changes around, and of, what carries traffic; the seed of `random` decides which. */
export class RandomChanges {
  readonly #options: RandomChangesOptions;
  readonly #actions: readonly (readonly [share: number, change: () => Promise<Written>])[];
  readonly #loadBalancers: string[] = [];
  readonly #listeners: string[] = [];
  readonly #services: string[] = [];
  #associated = false;
  #created = 0;

  constructor(options: RandomChangesOptions) {
    this.#options = options;
    this.#actions = [
      [40, () => options.group.change()],
      [12, () => this.#changeListener()],
      [12, () => this.#changeOtherListener()],
      [10, () => this.#changeServiceInUse()],
      [10, () => this.#changeOtherService()],
      [8, () => this.#changeOtherLoadBalancer()],
      [4, () => this.#changeLoadBalancer()],
      [4, () => this.#moveElasticIp()],
    ];
  }

  /** Makes one change. Rejects when the API refuses it: all of them are allowed. */
  next(): Promise<Written> {
    let point = this.#options.random.below(this.#actions.reduce((sum, [share]) => sum + share, 0));
    for (const [share, change] of this.#actions) {
      point -= share;
      if (point < 0) return change();
    }
    throw new RangeError('the shares do not add up');
  }

  #changeListener(): Promise<Written> {
    const { client, random, listenerId, serviceIds } = this.#options;
    const body = random.chance(0.5)
      ? { idleTimeout: random.between(30, 600), headerTimeout: random.between(10, 120) }
      : { backendServiceId: random.pick(serviceIds) };
    return client.updateListener({ params: { listenerId }, body });
  }

  #changeServiceInUse(): Promise<Written> {
    const { client, random, serviceIds } = this.#options;
    const body = random.pick([
      { algorithm: random.pick(['round-robin', 'least-connections', 'source-ip'] as const) },
      { readTimeout: random.between(20, 60), connectTimeout: random.between(2, 10) },
      { drainTimeout: random.between(10, 300) },
      { healthCheck: { interval: random.between(1, 5), rise: random.between(1, 3) } },
    ]);
    return client.updateBackendService({ params: { backendServiceId: random.pick(serviceIds) }, body });
  }

  async #changeOtherListener(): Promise<Written> {
    const { client, random, loadBalancerId, serviceIds } = this.#options;
    if (this.#listeners.length === 0 || (this.#listeners.length < MOST && random.chance(0.4))) {
      const port = FIRST_PORT + this.#created++;
      const body = random.chance(0.7)
        ? { loadBalancerId, protocol: 'http' as const, port, backendServiceId: random.pick(serviceIds) }
        : { loadBalancerId, protocol: 'tcp' as const, port };
      const created = await client.createListener({ body });
      this.#listeners.push(created.id);
      return created;
    }
    const listenerId = random.pick(this.#listeners);
    if (random.chance(0.5)) {
      const body = { enabled: random.chance(0.7), idleTimeout: random.between(1, 60) };
      return client.updateListener({ params: { listenerId }, body });
    }
    this.#listeners.splice(this.#listeners.indexOf(listenerId), 1);
    return client.deleteListener({ params: { listenerId } });
  }

  async #changeOtherService(): Promise<Written> {
    const { client, random, loadBalancerId } = this.#options;
    if (this.#services.length === 0 || (this.#services.length < MOST && random.chance(0.4))) {
      const created = await client.createBackendService({
        body: { loadBalancerId, name: `other-${this.#created++}`, protocol: 'http', port: 80 },
      });
      this.#services.push(created.id);
      return created;
    }
    const backendServiceId = random.pick(this.#services);
    if (random.chance(0.5)) {
      const body = { drainTimeout: random.below(10), healthCheck: { enabled: random.chance(0.5) } };
      return client.updateBackendService({ params: { backendServiceId }, body });
    }
    this.#services.splice(this.#services.indexOf(backendServiceId), 1);
    return client.deleteBackendService({ params: { backendServiceId } });
  }

  async #changeOtherLoadBalancer(): Promise<Written> {
    const { client, random } = this.#options;
    if (this.#loadBalancers.length === 0 || (this.#loadBalancers.length < MOST && random.chance(0.6))) {
      const targets = [{ address: '127.0.0.1', port: 9 }];
      const created = await client.createLoadBalancer({
        body: {
          name: `other-${this.#created++}`,
          listeners: [
            { protocol: 'http', port: 80 + FIRST_PORT, service: { targets } },
            { protocol: 'tcp', port: 81 + FIRST_PORT, service: { targets } },
          ],
        },
      });
      this.#loadBalancers.push(created.id);
      return created;
    }
    const [loadBalancerId] = this.#loadBalancers.splice(random.below(this.#loadBalancers.length), 1);
    return client.deleteLoadBalancer({ params: { loadBalancerId } });
  }

  #changeLoadBalancer(): Promise<Written> {
    const { client, random, loadBalancerId } = this.#options;
    const body = { name: `web-${random.below(1_000_000)}`, description: String(random.uint32()) };
    return client.updateLoadBalancer({ params: { loadBalancerId }, body });
  }

  /** Each time, all listeners of the load balancer listen on one address more or less. */
  #moveElasticIp(): Promise<Written> {
    const { client, elasticIpId, loadBalancerId } = this.#options;
    this.#associated = !this.#associated;
    return this.#associated
      ? client.associateElasticIp({ params: { elasticIpId }, body: { loadBalancerId } })
      : client.disassociateElasticIp({ params: { elasticIpId } });
  }
}
