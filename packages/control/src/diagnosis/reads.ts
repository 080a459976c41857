import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Call } from '../api/call.ts';
import { notFound } from '../resources/rules.ts';
import { inOrder } from '../routing/order.ts';
import { findListener, findRuleGroup, findService } from '../state/state.ts';
import type { Store } from '../store/store.ts';
import type { AnswerCheck } from './checked-answers.ts';
import { explainRequest } from './explain.ts';
import { healthEvidence, tryHealthCheck } from './health.ts';
import type { Asking } from './nodes-to-ask.ts';
import { listRequests, reportRequest } from './requests.ts';
import { listenerTraffic, ruleGroupTraffic, serviceTraffic } from './traffic.ts';

export type DiagnosisName =
  | 'explain'
  | 'getRequest'
  | 'listRequests'
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
  return {
    explain: async ({ query }) => checked('Explanation', await explainRequest(sources, store.state, query)),
    getRequest: async ({ params }) => checked('RequestReport', await reportRequest(sources, params.requestId)),
    async listRequests({ query }) {
      const { listenerId } = query;
      if (listenerId !== undefined && findListener(store.state, listenerId) === null) notFound('listener', listenerId);
      return checked('EndedRequests', await listRequests(sources, query));
    },
    async getListenerTraffic({ params: { listenerId: id } }) {
      if (findListener(store.state, id) === null) notFound('listener', id);
      return checked('ListenerTraffic', await listenerTraffic(sources, id));
    },
    async getBackendServiceTraffic({ params: { backendServiceId: id } }) {
      if (findService(store.state, id) === null) notFound('backend service', id);
      return checked('ServiceTraffic', await serviceTraffic(sources, id));
    },
    async getRuleGroupTraffic({ params: { ruleGroupId: id } }) {
      const { rules } = findRuleGroup(store.state, id) ?? notFound('rule group', id);
      return checked('RuleGroupTraffic', await ruleGroupTraffic(sources, id, inOrder(rules.values())));
    },
    getHealthEvidence: async ({ params: { backendServiceId: id }, query }) =>
      checked('HealthEvidence', await healthEvidence(sources, store.state, id, query)),
    tryHealthCheck: async ({ params: { backendServiceId: id }, body }) =>
      checked('HealthTrial', await tryHealthCheck(sources, store.state, id, body)),
  };
}
