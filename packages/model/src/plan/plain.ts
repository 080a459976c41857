import { PLAIN_HTTP } from './http.ts';
import type { PlannedHealthCheck, PlannedListener, PlannedService } from './objects.ts';

/** What listeners and services are when nobody asks for more. */

export const PLAIN_HTTP_LISTENER = {
  tls: null,
  http: PLAIN_HTTP,
  ruleGroupId: null,
  serverNames: [],
  acceptProxyProtocol: false,
  trustedProxies: [],
} as const satisfies Partial<PlannedListener>;

export const PLAIN_TCP_LISTENER = { ...PLAIN_HTTP_LISTENER, http: null } as const satisfies Partial<PlannedListener>;

export const PLAIN_SERVICE = {
  stickiness: null,
  tls: null,
  proxyProtocol: 0,
  transparent: false,
} as const satisfies Partial<PlannedService>;

/** What health checks are when nobody asks for more; plans of older versions leave these out. */
export const PLAIN_CHECK = {
  send: '',
  expect: '',
  grpcService: '',
  checksPerConnection: 1,
  tls: null,
} as const satisfies Partial<PlannedHealthCheck>;
