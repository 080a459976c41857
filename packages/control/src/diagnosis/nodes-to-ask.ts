import type { AnswerOf, QuestionKind, QuestionOf } from '@evenkeel/model/plan/query.ts';
import type { AskedNode } from '@evenkeel/model/resources/ended-request.ts';
import type { NodeQuestions } from '../nodes/questions.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import { ProblemError } from '../problem.ts';

export interface Asking {
  readonly nodes: NodeRegistry;
  readonly questions: NodeQuestions;
}

/** Identifiers of the nodes that are connected, in order. Throws `node-unavailable` when there is none. */
export function connectedNodes(nodes: NodeRegistry): string[] {
  const connected = nodes.list().filter(({ connectedAt }) => connectedAt !== null);
  if (connected.length === 0) throw new ProblemError('node-unavailable', 'no node is connected');
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
  { nodes, questions }: Asking,
  kind: K,
  question: QuestionOf<K>,
  sinceOf: (answer: AnswerOf<K>) => number | null,
  patience?: number,
): Promise<Heard<AnswerOf<K>>> {
  const ids = connectedNodes(nodes);
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
