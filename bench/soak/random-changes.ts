import type { Client } from '@evenkeel/client/client.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { type Everything, serverCertificate } from './everything.ts';

interface Written {
  readonly operationId: string;
}

/** More than this many objects of one kind are not kept. */
const MOST = 20;
const FIRST_PORT = 20_000;

/** Changes of everything that carries traffic, and of much that does not, drawn by a seed. */
export class RandomChanges {
  readonly #client: Client;
  readonly #everything: Everything;
  readonly #random: Random;
  readonly #ruleGroupId: string;
  readonly #targets = new Map<number, string>();
  readonly #listeners: string[] = [];
  readonly #rules: string[] = [];
  readonly #made = new Map<string, number>();
  #serial = 0;

  private constructor(client: Client, everything: Everything, seed: number, ruleGroupId: string) {
    this.#client = client;
    this.#everything = everything;
    this.#random = new Random(seed);
    this.#ruleGroupId = ruleGroupId;
  }

  /** Gives the listener for requests a rule group, so that rules may change. */
  static async begin(client: Client, everything: Everything, seed: number): Promise<RandomChanges> {
    const { loadBalancerId, idOf, changingGroupId } = everything;
    const group = await client.createRuleGroup({ body: { loadBalancerId, name: 'rules', rules: [] } });
    await client.updateListener({
      params: { listenerId: idOf('listener', 'requests') },
      body: { ruleGroupId: group.id },
    });
    const changes = new RandomChanges(client, everything, seed, group.id);
    const { items } = await client.listTargets({ params: { targetGroupId: changingGroupId }, query: {} });
    for (const { id, port } of items) changes.#targets.set(port as number, id);
    return changes;
  }

  /** How many there were of each kind. */
  get made(): ReadonlyMap<string, number> {
    return this.#made;
  }

  async next(): Promise<Written> {
    const kind = this.#random.pick([
      'target',
      'target',
      'weight',
      'rule',
      'certificate',
      'listener',
      'service',
    ] as const);
    this.#made.set(kind, (this.#made.get(kind) ?? 0) + 1);
    switch (kind) {
      case 'target':
        return this.#changeTargets();
      case 'weight':
        return this.#changeWeight();
      case 'rule':
        return this.#changeRules();
      case 'certificate':
        return this.#changeCertificate();
      case 'listener':
        return this.#changeListeners();
      case 'service':
        return this.#changeService();
    }
  }

  /** One that is alive is always left; those that come are alive. */
  #changeTargets(): Promise<Written> {
    const { changingGroupId, origins } = this.#everything;
    const params = { targetGroupId: changingGroupId };
    const { port } = this.#random.pick(origins.slice(1));
    const id = this.#targets.get(port);
    if (id === undefined) return this.#register(port);
    this.#targets.delete(port);
    return this.#client.deregisterTargets({ params, body: { targetIds: [id] } });
  }

  async #register(port: number): Promise<Written> {
    const written = await this.#client.registerTargets({
      params: { targetGroupId: this.#everything.changingGroupId },
      body: { targets: [{ address: '127.0.0.1', port, weight: this.#random.between(1, 100) }] },
    });
    this.#targets.set(port, written.targets[0].id);
    return written;
  }

  #changeWeight(): Promise<Written> {
    const targetId = this.#random.pick([...this.#targets.values()]);
    const params = { targetGroupId: this.#everything.changingGroupId, targetId };
    return this.#client.updateTarget({ params, body: { weight: this.#random.between(1, 100) } });
  }

  async #changeRules(): Promise<Written> {
    const { idOf } = this.#everything;
    const ruleGroupId = this.#ruleGroupId;
    if (this.#rules.length < MOST && this.#random.chance(0.6)) {
      const backendServiceId = idOf('backendService', this.#random.pick(['changing', 'steady']));
      const serial = this.#serial++;
      const applies = this.#random.chance(0.3);
      const created = await this.#client.createRule({
        params: { ruleGroupId },
        body: {
          name: `rule-${serial}`,
          priority: serial + 1,
          // No two alike: one that could never apply is refused.
          match: applies
            ? { query: [{ name: `other-than-${serial}`, kind: 'absent' }] }
            : { paths: [{ kind: 'prefix', value: `/only-here-${serial}` }] },
          forward: [{ backendServiceId }],
        },
      });
      this.#rules.push(created.id);
      return created;
    }
    if (this.#rules.length === 0) return this.#changeWeight();
    const [ruleId] = this.#rules.splice(this.#random.below(this.#rules.length), 1);
    return this.#client.deleteRule({ params: { ruleGroupId, ruleId } });
  }

  #changeCertificate(): Promise<Written> {
    const { certificateId, authority } = this.#everything;
    return this.#client.updateCertificate({ params: { certificateId }, body: serverCertificate(authority) });
  }

  async #changeListeners(): Promise<Written> {
    const { loadBalancerId, idOf } = this.#everything;
    if (this.#random.chance(0.3)) {
      const listenerId = idOf('listener', this.#random.pick(['requests', 'sessions', 'sockets', 'secure']));
      return this.#client.updateListener({
        params: { listenerId },
        body: { idleTimeout: this.#random.between(60, 600) },
      });
    }
    if (this.#listeners.length < MOST && this.#random.chance(0.6)) {
      const port = FIRST_PORT + this.#serial++;
      const backendServiceId = idOf('backendService', 'steady');
      const created = await this.#client.createListener({
        body: { loadBalancerId, protocol: 'http', port, backendServiceId },
      });
      this.#listeners.push(created.id);
      return created;
    }
    if (this.#listeners.length === 0) return this.#changeWeight();
    const [listenerId] = this.#listeners.splice(this.#random.below(this.#listeners.length), 1);
    return this.#client.deleteListener({ params: { listenerId } });
  }

  #changeService(): Promise<Written> {
    const body = this.#random.pick([
      { algorithm: this.#random.pick(['round-robin', 'least-connections', 'source-ip'] as const) },
      { drainTimeout: this.#random.between(10, 300) },
      { healthCheck: { interval: this.#random.between(1, 5) } },
      { readTimeout: this.#random.between(30, 60) },
    ]);
    const backendServiceId = this.#everything.idOf('backendService', 'changing');
    return this.#client.updateBackendService({ params: { backendServiceId }, body });
  }
}
