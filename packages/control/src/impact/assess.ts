import { IMPACT } from '@evenkeel/model/limits.ts';
import type { AskedNode } from '@evenkeel/model/resources/ended-request.ts';
import type { Impact } from '@evenkeel/model/resources/impact.ts';
import { type Asking, askEveryNode } from '../diagnosis/nodes-to-ask.ts';
import { compile } from '../plan/compile.ts';
import type { PlanPublisher } from '../plan/publisher.ts';
import type { State } from '../state/state.ts';
import { type Touched, touchedListeners } from './touched.ts';

/** Milliseconds that nodes have to say how many connections they carry: somebody waits to see a plan. */
const PATIENCE = 2_000;

/** Says what a change of the configuration would mean for traffic. */
export class Assessor {
  readonly #asking: Asking;
  readonly #plans: Pick<PlanPublisher, 'plan'>;

  constructor(asking: Asking, plans: Pick<PlanPublisher, 'plan'>) {
    this.#asking = asking;
    this.#plans = plans;
  }

  /** The listeners that are touched on the way from one state of all tenants to another. Costs what differs. */
  touched(before: State, after: State): Touched[] {
    if (before === after) return [];
    const published = this.#plans.plan;
    const old = published.version === before.generation ? published : compile(before, published);
    return touchedListeners(old, compile(after, old));
  }

  /** The same with how many connections each of them has now, as the nodes say. */
  async measure(touched: readonly Touched[]): Promise<Impact> {
    const shown = touched.slice(0, IMPACT.listeners);
    const asked = shown.filter(({ effect }) => effect !== 'created').map(({ id }) => id);
    const { counts, nodes } = await this.#count(asked);
    const connectionsOf = ({ id, effect }: Touched) => {
      if (effect === 'created') return 0;
      return counts === null || this.#isForwardedInKernel(id) ? null : (counts.get(id) ?? 0);
    };
    const listeners = shown.map(({ id, effect, reasons, ...names }) => ({
      listenerId: effect === 'created' ? null : id,
      ...names,
      effect,
      reasons: [...reasons],
      connections: connectionsOf({ id, effect, reasons, ...names }),
    }));
    const known = listeners.flatMap(({ connections }) => connections ?? []);
    const connections = counts === null && asked.length > 0 ? null : known.reduce((sum, count) => sum + count, 0);
    return { listeners, touched: touched.length, connections, nodes };
  }

  /** Connections there have no beginning and no end that anybody counts. */
  #isForwardedInKernel(id: string): boolean {
    return this.#asking.nodes
      .list()
      .some(({ datapaths }) => datapaths.some((one) => one.listenerId === id && one.datapath !== 'userspace'));
  }

  async #count(listenerIds: readonly string[]): Promise<{ counts: Map<string, number> | null; nodes: AskedNode[] }> {
    const { nodes } = this.#asking;
    if (nodes.online === 0) {
      const problem = 'it is not connected';
      return {
        counts: null,
        nodes: nodes.list().map(({ id }) => ({ node: id, answered: false, problem, since: null })),
      };
    }
    try {
      const heard = await askEveryNode(this.#asking, 'connections', { listenerIds }, () => null, PATIENCE);
      const counts = new Map<string, number>();
      for (const { answer } of heard.answers) {
        for (const { listenerId, activeConnections } of answer.listeners) {
          counts.set(listenerId, (counts.get(listenerId) ?? 0) + activeConnections);
        }
      }
      return { counts, nodes: [...heard.asked] };
    } catch (error) {
      // No node has answered: the plan is worth seeing without it.
      const problem = error instanceof Error ? error.message : String(error);
      const online = nodes.list().filter(({ connectedAt }) => connectedAt !== null);
      return { counts: null, nodes: online.map(({ id }) => ({ node: id, answered: false, problem, since: null })) };
    }
  }
}
