import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Call } from '../api/call.ts';
import { notFound } from '../resources/rules.ts';
import { inOrder } from '../routing/order.ts';
import { findListener, findRuleGroup, findService, type State } from '../state/state.ts';
import type { Store } from '../store/store.ts';
import type { AnswerCheck } from './checked-answers.ts';
import { explainRequest } from './explain.ts';
import { listFlows } from './flows.ts';
import { healthEvidence, tryHealthCheck } from './health.ts';
import type { Asking } from './nodes-to-ask.ts';
import { listRequests, reportRequest, type Sight } from './requests.ts';
import { listenerTraffic, ruleGroupTraffic, serviceTraffic } from './traffic.ts';

export type DiagnosisName =
  | 'explain'
  | 'getRequest'
  | 'listRequests'
  | 'listFlows'
  | 'getListenerTraffic'
  | 'getBackendServiceTraffic'
  | 'getRuleGroupTraffic'
  | 'getHealthEvidence'
  | 'tryHealthCheck';

export type DiagnosisReads = { readonly [K in DiagnosisName]: (call: Call<K>) => Promise<ResponseOf<K>> };

export interface DiagnosisSources extends Asking {
  readonly store: Store;
  readonly checked: AnswerCheck;
}

/** The calls whose answers only nodes know. */
export function createDiagnosis(sources: DiagnosisSources): DiagnosisReads {
  const { store, checked } = sources;
  /** Those of the tenant; and those that nobody has any more, for who reaches everybody. */
  const sightOf = ({ caller, state }: Pick<Call<'listRequests'>, 'caller' | 'state'>): Sight => {
    const { loadBalancers: all } = store.state;
    const own = state.loadBalancers;
    const everywhere = caller.reach === 'all';
    const ids = everywhere ? [...all.keys()].filter((id) => !own.has(id)) : [...own.keys()];
    return {
      loadBalancer: (id) => own.has(id) || (everywhere && !all.has(id)),
      ...(own.size < all.size && { loadBalancers: { ids, shown: !everywhere } }),
    };
  };
  return {
    explain: async ({ query, state }) => checked('Explanation', await explainRequest(sources, state, query)),
    getRequest: async (call) =>
      checked('RequestReport', await reportRequest(sources, sightOf(call), call.params.requestId)),
    async listRequests(call) {
      const { query, state } = call;
      const { listenerId } = query;
      if (listenerId !== undefined && findListener(state, listenerId) === null) notFound('listener', listenerId);
      return checked('EndedRequests', await listRequests(sources, sightOf(call), query));
    },
    async listFlows({ query, state, caller }) {
      const { listenerId: id, targetId } = query;
      if (id !== undefined && findListener(state, id) === null) notFound('listener', id);
      if (targetId !== undefined && !hasTarget(state, targetId)) notFound('target', targetId);
      const isAlone = caller.reach === 'all' && state.loadBalancers.size === store.state.loadBalancers.size;
      const own = () =>
        Array.from(state.loadBalancers.values()).flatMap(({ loadBalancer, listeners }) =>
          loadBalancer.type === 'network' ? [...listeners.keys()] : [],
        );
      const listenerIds = id !== undefined ? [id] : isAlone ? null : own();
      return checked('Flows', await listFlows(sources, listenerIds, query));
    },
    async getListenerTraffic({ params: { listenerId: id }, state }) {
      if (findListener(state, id) === null) notFound('listener', id);
      return checked('ListenerTraffic', await listenerTraffic(sources, id));
    },
    async getBackendServiceTraffic({ params: { backendServiceId: id }, state }) {
      if (findService(state, id) === null) notFound('backend service', id);
      return checked('ServiceTraffic', await serviceTraffic(sources, id));
    },
    async getRuleGroupTraffic({ params: { ruleGroupId: id }, state }) {
      const { rules } = findRuleGroup(state, id) ?? notFound('rule group', id);
      return checked('RuleGroupTraffic', await ruleGroupTraffic(sources, id, inOrder(rules.values())));
    },
    getHealthEvidence: async ({ params: { backendServiceId: id }, query, state }) =>
      checked('HealthEvidence', await healthEvidence(sources, state, id, query)),
    tryHealthCheck: async ({ params: { backendServiceId: id }, body, state }) =>
      checked('HealthTrial', await tryHealthCheck(sources, state, id, body)),
  };
}

function hasTarget(state: State, id: string): boolean {
  return [...state.loadBalancers.values()].some(({ groups }) =>
    [...groups.values()].some(({ targets }) => targets.has(id)),
  );
}
