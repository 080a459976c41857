import type { Client } from '@evenkeel/client/client.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { Origin } from './origins.ts';

interface Member {
  readonly id: string;
  readonly port: number;
  readonly alive: boolean;
  weight: number;
}

interface Written {
  readonly operationId: string;
}

export interface ChangingGroupOptions {
  readonly client: Client;
  readonly random: Random;
  readonly targetGroupId: string;
  /** The services that draw on it; each judges the health of targets for itself. */
  readonly backendServiceIds: readonly string[];
  readonly origins: readonly Origin[];
  /** Ports of 127.0.0.1 on which nobody listens. */
  readonly deadPorts: readonly number[];
}

/**
 * A target group that is changed at random while it serves: targets come, go and change their weight, dead ones too. A
 * target is taken away only while another one is known to be healthy, which is all that an operator has to mind.
 */
export class ChangingGroup {
  readonly #options: ChangingGroupOptions;
  readonly #members = new Map<number, Member>();

  constructor(options: ChangingGroupOptions) {
    this.#options = options;
  }

  async change(): Promise<Written> {
    const { random, origins, deadPorts } = this.#options;
    const port = random.pick([...origins.map((origin) => origin.port), ...deadPorts]);
    const member = this.#members.get(port);
    if (member === undefined) return this.register(port);
    const dispensable = !member.alive || (await this.#anotherIsHealthy(member));
    if (dispensable && random.chance(0.5)) return this.#deregister(member);
    return this.#reweigh(member, dispensable ? random.pick([0, 1, 10, 50, 100]) : random.pick([1, 10, 50, 100]));
  }

  async register(port: number): Promise<Written> {
    const { client, random, targetGroupId, origins } = this.#options;
    const weight = random.pick([1, 10, 100]);
    const written = await client.registerTargets({
      params: { targetGroupId },
      body: { targets: [{ address: '127.0.0.1', port, weight }] },
    });
    const alive = origins.some((origin) => origin.port === port);
    this.#members.set(port, { id: written.targets[0].id, port, alive, weight });
    return written;
  }

  #deregister({ id, port }: Member): Promise<Written> {
    const { client, targetGroupId } = this.#options;
    this.#members.delete(port);
    return client.deregisterTargets({ params: { targetGroupId }, body: { targetIds: [id] } });
  }

  #reweigh(member: Member, weight: number): Promise<Written> {
    const { client, targetGroupId } = this.#options;
    member.weight = weight;
    return client.updateTarget({ params: { targetGroupId, targetId: member.id }, body: { weight } });
  }

  async #anotherIsHealthy(member: Member): Promise<boolean> {
    const { client, targetGroupId, backendServiceIds } = this.#options;
    const { items } = await client.listTargetHealth({ query: { targetGroupId, state: 'healthy', limit: 500 } });
    const healthyFor = (id: string) => items.filter(({ targetId }) => targetId === id).length;
    return this.#members
      .values()
      .some(({ id, weight }) => id !== member.id && weight > 0 && healthyFor(id) === backendServiceIds.length);
  }
}
