import type { AnswerOf, QuestionKind, QuestionOf } from '@evenkeel/model/plan/query.ts';
import type { AskedNode } from '@evenkeel/model/resources/ended-request.ts';
import type { NodeQuestions } from '../nodes/questions.ts';
import type { NodeRegistry, NodeStatus } from '../nodes/registry.ts';
import { hasOrKeeps } from '../placement/place.ts';
import { ProblemError } from '../problem.ts';
import type { LoadBalancerRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';

export interface Asking {
  readonly nodes: NodeRegistry;
  readonly questions: NodeQuestions;
  /** Whether the question is for this node; absent: it is for all. */
  readonly concerns?: (node: NodeStatus) => boolean;
}

/** The same for the nodes alone that have a load balancer. */
export function askingWhoHas(asking: Asking, state: State, loadBalancer: LoadBalancerRecord): Asking {
  return { ...asking, concerns: (node) => hasOrKeeps(state, loadBalancer, node) };
}

/** Identifiers of the nodes that are connected and concerned, in order. Throws `node-unavailable` when there is none. */
export function connectedNodes({ nodes, concerns = () => true }: Asking): string[] {
  const concerned = nodes.list().filter(concerns);
  const connected = concerned.filter(({ connectedAt }) => connectedAt !== null);
  if (connected.length === 0) {
    const which = concerned.length === nodes.size ? 'no node' : 'no node that has the load balancer';
    throw new ProblemError('node-unavailable', `${which} is connected`);
  }
  return connected.map(({ id }) => id);
}

export interface Heard<A> {
  readonly answers: readonly { readonly node: string; readonly answer: A }[];
  readonly asked: readonly AskedNode[];
}

/**
 * Asks every node that is connected, all at once. Nodes that do not answer are named with the reason; throws when none
 * does. `patience`: milliseconds that each has for its answer.
 */
export async function askEveryNode<K extends QuestionKind>(
  asking: Asking,
  kind: K,
  question: QuestionOf<K>,
  sinceOf: (answer: AnswerOf<K>) => number | null,
  patience?: number,
): Promise<Heard<AnswerOf<K>>> {
  const { questions } = asking;
  const ids = connectedNodes(asking);
  const results = await Promise.allSettled(ids.map((node) => questions.ask(node, kind, question, patience)));
  const answers: { node: string; answer: AnswerOf<K> }[] = [];
  const asked = results.map((result, index): AskedNode => {
    const node = ids[index]!;
    if (result.status === 'rejected') {
      return { node, answered: false, problem: messageOf(result.reason), since: null };
    }
    answers.push({ node, answer: result.value });
    const since = sinceOf(result.value);
    return { node, answered: true, problem: '', since: since === null ? null : new Date(since).toISOString() };
  });
  const [failure] = results;
  if (answers.length === 0 && failure?.status === 'rejected') throw failure.reason;
  return { answers, asked };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
