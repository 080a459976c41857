import type { ExplainAnswer, ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import { explainFlow } from './explain-flow.ts';
import { type ExplainingNode, explainService, portAsked } from './explained-service.ts';

export type { ExplainingNode } from './explained-service.ts';

/** What would become of a request: as the engine says it, with what this node knows of the targets. */
export function explainOn(node: ExplainingNode, question: ExplainQuestion): ExplainAnswer {
  const inKernel = explainFlow(node, question);
  if (inKernel !== null) return inKernel;
  const explained = node.engine.explain(question);
  if (explained === null)
    throw new Error('the listener does not run here: it is disabled, refused, or yet to be applied');
  const { service, ...rest } = explained;
  const listener = node.plan.entries.get(`listener/${question.listenerId}`);
  const port = listener?.kind === 'listener' ? portAsked(listener.value, question) : null;
  return {
    ...rest,
    generation: node.generation,
    listenerId: question.listenerId,
    rules: [...rest.rules],
    changes: [...rest.changes],
    services: [...rest.services],
    service: service === null ? null : explainService(node, service.id, service.choice, port),
    kernel: null,
  };
}
