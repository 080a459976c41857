import type { Explanation } from '@evenkeel/model/resources/explanation.ts';
import type { Call } from '../api/call.ts';
import { ProblemError } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import { findListener, type State } from '../state/state.ts';
import { type Asking, askingWhoHas, connectedNodes } from './nodes-to-ask.ts';

/** Asks a node what would become of a request. */
export async function explainRequest(
  asking: Asking,
  state: State,
  query: Call<'explain'>['query'],
): Promise<Explanation> {
  const { listenerId, method = 'GET', path = '/', header = [], cookie = [], source = '127.0.0.1' } = query;
  const { tree, listener } = findListener(state, listenerId) ?? notFound('listener', listenerId);
  if (!listener.enabled)
    throw new ProblemError('node-unavailable', `listener ${listener.name} is disabled: no node runs it`);
  const host = query.host ?? `${tree.loadBalancer.vip}:${listener.port}`;
  const node = query.node ?? connectedNodes(askingWhoHas(asking, state, tree.loadBalancer))[0]!;
  const { serverName = '' } = query;
  const answer = await asking.questions.ask(node, 'explain', {
    listenerId,
    method,
    host,
    path,
    headers: header,
    cookies: cookie,
    source,
    serverName,
  });
  return { ...answer, node };
}
