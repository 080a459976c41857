import type { Client } from '@evenkeel/client/client.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { Identity } from '@evenkeel/testbed/certificates/issue.ts';
import { serverCertificate } from './server-certificate.ts';

interface Written {
  readonly operationId: string;
}

/** What may be changed, as plain data. */
export interface Changeable {
  readonly loadBalancerId: string;
  readonly certificateId: string;
  readonly authority: Identity;
  /** The target group whose members may come and go. */
  readonly groupId: string;
  /** Ports of who they may be; the first one always is. */
  readonly ports: readonly number[];
  /** By name. */
  readonly listeners: Readonly<Record<'requests' | 'sessions' | 'sockets' | 'secure', string>>;
  readonly services: Readonly<Record<'changing' | 'steady', string>>;
}

/** Certificates that take turns; they are made before the first change. */
const CERTIFICATES = 32;
/** More than this many objects of one kind are not kept. */
const MOST = 20;
const FIRST_PORT = 20_000;

/** Changes of everything that carries traffic, and of much that does not, drawn by a seed. */
export class RandomChanges {
  readonly #client: Client;
  readonly #changeable: Changeable;
  readonly #random: Random;
  readonly #ruleGroupId: string;
  readonly #targets = new Map<number, string>();
  readonly #listeners: string[] = [];
  readonly #rules: string[] = [];
  readonly #certificates: readonly ReturnType<typeof serverCertificate>[];
  readonly #made = new Map<string, number>();
  #serial = 0;

  private constructor(client: Client, changeable: Changeable, seed: number, ruleGroupId: string) {
    this.#client = client;
    this.#changeable = changeable;
    this.#certificates = Array.from({ length: CERTIFICATES }, () => serverCertificate(changeable.authority));
    this.#random = new Random(seed);
    this.#ruleGroupId = ruleGroupId;
  }

  /** Gives the listener for requests a rule group, so that rules may change. */
  static async begin(client: Client, changeable: Changeable, seed: number): Promise<RandomChanges> {
    const { loadBalancerId, listeners, groupId } = changeable;
    const group = await client.createRuleGroup({ body: { loadBalancerId, name: 'rules', rules: [] } });
    await client.updateListener({
      params: { listenerId: listeners.requests },
      body: { ruleGroupId: group.id },
    });
    const changes = new RandomChanges(client, changeable, seed, group.id);
    const { items } = await client.listTargets({ params: { targetGroupId: groupId }, query: {} });
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
    const { groupId, ports } = this.#changeable;
    const params = { targetGroupId: groupId };
    const port = this.#random.pick(ports.slice(1));
    const id = this.#targets.get(port);
    if (id === undefined) return this.#register(port);
    this.#targets.delete(port);
    return this.#client.deregisterTargets({ params, body: { targetIds: [id] } });
  }

  async #register(port: number): Promise<Written> {
    const written = await this.#client.registerTargets({
      params: { targetGroupId: this.#changeable.groupId },
      body: { targets: [{ address: '127.0.0.1', port, weight: this.#random.between(1, 100) }] },
    });
    this.#targets.set(port, written.targets[0].id);
    return written;
  }

  #changeWeight(): Promise<Written> {
    const targetId = this.#random.pick([...this.#targets.values()]);
    const params = { targetGroupId: this.#changeable.groupId, targetId };
    return this.#client.updateTarget({ params, body: { weight: this.#random.between(1, 100) } });
  }

  async #changeRules(): Promise<Written> {
    const { services } = this.#changeable;
    const ruleGroupId = this.#ruleGroupId;
    if (this.#rules.length < MOST && this.#random.chance(0.6)) {
      const backendServiceId = services[this.#random.pick(['changing', 'steady'] as const)];
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
    const { certificateId } = this.#changeable;
    const body = this.#certificates[this.#serial++ % CERTIFICATES]!;
    return this.#client.updateCertificate({ params: { certificateId }, body });
  }

  async #changeListeners(): Promise<Written> {
    const { loadBalancerId, listeners, services } = this.#changeable;
    if (this.#random.chance(0.3)) {
      const listenerId = listeners[this.#random.pick(['requests', 'sessions', 'sockets', 'secure'] as const)];
      return this.#client.updateListener({
        params: { listenerId },
        body: { idleTimeout: this.#random.between(60, 600) },
      });
    }
    if (this.#listeners.length < MOST && this.#random.chance(0.6)) {
      const port = FIRST_PORT + this.#serial++;
      const backendServiceId = services.steady;
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
    const backendServiceId = this.#changeable.services.changing;
    return this.#client.updateBackendService({ params: { backendServiceId }, body });
  }
}
