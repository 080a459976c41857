import { EXPLAINED_SOURCE_PORT } from '@evenkeel/model/contract/diagnosis.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import type { Explanation } from '@evenkeel/model/resources/explanation.ts';
import type { Call } from '../api/call.ts';
import { ProblemError, refuseField } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import type { ListenerRecord } from '../state/records.ts';
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
    ...(tree.loadBalancer.type === 'network' && { flow: flowOf(listener, query) }),
  });
  const kernel = answer.kernel == null ? null : { nodeAddress: null, nodePort: null, points: [], ...answer.kernel };
  return { ...answer, kernel, node };
}

/** What tells a flow of this listener from others; refuses what it does not take. */
function flowOf(listener: ListenerRecord, query: Call<'explain'>['query']): NonNullable<ExplainQuestion['flow']> {
  const protocols = (['tcp', 'udp'] as const).filter((name) => listener.protocol.split('-').includes(name));
  const { sourcePort = EXPLAINED_SOURCE_PORT, port = listener.port, protocol = protocols[0] ?? 'tcp' } = query;
  if (!protocols.includes(protocol)) {
    refuseField('validation-failed', 'query protocol', `the listener takes ${protocols.join(' and ')}`, protocols);
  }
  const last = listener.lastPort ?? listener.port;
  if (port < listener.port || port > last) {
    const allowed = { minimum: listener.port, maximum: last };
    refuseField('validation-failed', 'query port', `the listener does not listen on ${port}`, allowed);
  }
  return { protocol, sourcePort, port };
}
