import type { Surroundings } from './run.ts';
import { type Answer, page, type ScriptedApi } from './scripted-api.ts';

/** What a scripted API answers about two load balancers, of which the first has a listener. */

export const WEB = { id: 'lb-01m7y7pvpcamhyyt2g', name: 'web', vip: '127.77.0.1', elasticIpId: null };
export const MAIL = { id: 'lb-01m7y7pvpcamhyyt2h', name: 'mail', vip: '127.77.0.2', elasticIpId: null };
export const LISTENER = {
  id: 'lsn-01m7y7pvpcamhyyt2k',
  name: 'http-80',
  loadBalancerId: WEB.id,
  protocol: 'http',
  port: 80,
};
export const OPERATION = 'op-01m7y7pvpcamhyyt2m';

export function operation(status: string, more: object = {}): Answer {
  return {
    body: { id: OPERATION, status, resources: [], nodes: [{ node: 'n1', state: 'applied', refused: [] }], ...more },
  };
}

export const READ: Readonly<Record<string, Answer>> = {
  'GET /v1/load-balancers': page(WEB, MAIL),
  'GET /v1/load-balancers?name=web': page(WEB),
  'GET /v1/load-balancers?name=mail': page(MAIL),
  'GET /v1/load-balancers?name=none': page(),
  [`GET /v1/load-balancers/${WEB.id}`]: { body: WEB },
  [`GET /v1/load-balancers/${MAIL.id}`]: { body: MAIL },
  'GET /v1/elastic-ips': page(),
  'GET /v1/listeners': page(LISTENER),
  'GET /v1/backend-services': page(),
  'GET /v1/target-groups': page({ id: 'tg-1', name: 'web', targetCount: 2 }),
  [`GET /v1/operations/${OPERATION}`]: operation('applied'),
};

export function withApi(api: ScriptedApi, more: Surroundings = {}): Surroundings {
  return { ...more, env: { EVENKEEL_URL: api.url, EVENKEEL_TOKEN: 'secret', ...more.env } };
}
