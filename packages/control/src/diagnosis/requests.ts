import { reasonInWords } from '@evenkeel/model/end-reasons.ts';
import { RECENT_REQUESTS } from '@evenkeel/model/limits.ts';
import type { RecentRequestsQuestion } from '@evenkeel/model/plan/query.ts';
import type { EndedRequest, EndedRequests, RequestReport } from '@evenkeel/model/resources/ended-request.ts';
import type { Call } from '../api/call.ts';
import { ProblemError } from '../problem.ts';
import { type Asking, askEveryNode } from './nodes-to-ask.ts';

/** What is for whoever asks. */
export interface Sight {
  /** Whether requests to this load balancer are. */
  readonly loadBalancer: (id: string) => boolean;
  /** The load balancers that nodes are to look at; absent: all, because no other tenant has any. */
  readonly loadBalancers?: NonNullable<RecentRequestsQuestion['loadBalancers']>;
}

/** What the nodes remember of a request. Throws when none of them remembers it. */
export async function reportRequest(
  asking: Asking,
  { loadBalancer: sees }: Sight,
  requestId: string,
): Promise<RequestReport> {
  const { answers, asked } = await askEveryNode(asking, 'requests', { requestId }, ({ since }) => since);
  const requests = answers
    .flatMap(({ node, answer }) => answer.lines.map((line) => endedRequest(node, line)))
    .filter(({ loadBalancerId }) => sees(loadBalancerId))
    .sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1));
  if (requests.length > 0) return { requestId, requests, nodes: [...asked] };
  const memories = asked.map(({ node, answered, problem, since }) => {
    if (!answered) return problem;
    return since === null
      ? `${node} remembers no request`
      : `${node} remembers all since ${since}, and failures longer`;
  });
  throw new ProblemError('resource-not-found', `no node remembers a request ${requestId}: ${memories.join('; ')}`);
}

/** The newest requests that the nodes remember. */
export async function listRequests(
  asking: Asking,
  { loadBalancer: sees, loadBalancers }: Sight,
  query: Call<'listRequests'>['query'],
): Promise<EndedRequests> {
  const { outcome = 'failed', listenerId = null, limit = RECENT_REQUESTS.default } = query;
  const narrowed = listenerId === null && loadBalancers !== undefined;
  // Nodes know no tenants, and those of an older version no load balancers here: then those of one are among all.
  const most = narrowed ? RECENT_REQUESTS.maximum : limit;
  const question = { outcome, listenerId, limit: most, ...(narrowed && { loadBalancers }) };
  const { answers, asked } = await askEveryNode(asking, 'recent-requests', question, ({ since }) => since);
  const requests = answers
    .flatMap(({ node, answer }) => answer.lines.map((line) => endedRequest(node, line)))
    .filter(({ loadBalancerId }) => sees(loadBalancerId))
    .sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1));
  return { requests: requests.slice(0, limit), nodes: [...asked] };
}

function endedRequest(node: string, line: Readonly<Record<string, unknown>>): EndedRequest {
  const text = (name: string): string => (typeof line[name] === 'string' ? line[name] : '');
  const reason = text('reason');
  const { endedBy, phase, meaning } = reasonInWords(reason);
  return {
    node,
    endedAt: text('time'),
    loadBalancerId: text('load_balancer'),
    listenerId: text('listener'),
    status: typeof line['status'] === 'number' ? line['status'] : null,
    reason,
    endedBy,
    phase,
    meaning,
    log: line,
  };
}
