import {
  BODY_TIMEOUT,
  KEEP_ALIVE_TIMEOUT,
  LISTENER_LIMITS,
  SEND_TIMEOUT,
  UPGRADE_IDLE_TIMEOUT,
} from '@evenkeel/model/limits.ts';
import type { Forwarding } from '@evenkeel/model/resources/forwarding.ts';
import type { ListenerPatch, ListenerProtocol } from '@evenkeel/model/resources/listener.ts';
import { SERVICE_PROTOCOL } from '@evenkeel/model/settings.ts';
import { refuseField } from '../problem.ts';
import { equal } from '../state/equal.ts';

export const FORWARDING: Forwarding = {
  clientAddress: 'append',
  protocol: false,
  port: false,
  host: false,
  loadBalancerAddress: false,
  clientPort: false,
  standard: false,
};

/** Settings that mean nothing where no HTTP is understood, as they are when nobody asks for more. */
export const HTTP_DEFAULTS = {
  bodyTimeout: BODY_TIMEOUT.default,
  sendTimeout: SEND_TIMEOUT.default,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT.default,
  requestId: 'errors',
  desyncMode: 'defensive',
  upgradeIdleTimeout: UPGRADE_IDLE_TIMEOUT.default,
  compression: false,
  relativeRedirects: false,
  responseHeaders: [],
  errorPages: [],
  forwarding: FORWARDING,
} as const;

/** Limits of connections hold for all listeners; these are of requests. */
const HTTP_LIMITS = [
  'requestsPerSecond',
  'sourceRequestsPerSecond',
  'sourceRequestsBurst',
  'requestsPerConnection',
  'bodySize',
  'headerSize',
  'headerCount',
  'targetLength',
  'minimumRate',
] as const;

type Field = keyof typeof HTTP_DEFAULTS;
type HttpSettings = { readonly [K in Field | 'limits']?: ListenerPatch[K] | undefined };
type Current = Readonly<Record<Field, unknown>> & { readonly limits?: Readonly<Record<string, unknown>> };

/**
 * Refuses settings of HTTP on a listener of another protocol: who asks for them would believe that they do something.
 * Their defaults are taken, and limits that are none, as an export has them. `now` is what the listener has; `at` is the pointer to `given`.
 */
export function checkHttpSettings(protocol: ListenerProtocol, given: HttpSettings, now: Current, at: string): void {
  if (SERVICE_PROTOCOL[protocol] === 'http') return;
  const check = (path: string, value: unknown, ...taken: readonly unknown[]): void => {
    if (value === undefined || taken.some((one) => equal(value, one))) return;
    refuseField('validation-failed', `${at}/${path}`, `is for listeners of protocol http and https, not ${protocol}`);
  };
  for (const field of Object.keys(HTTP_DEFAULTS) as Field[]) {
    const value = field === 'forwarding' && given.forwarding ? { ...FORWARDING, ...given.forwarding } : given[field];
    check(field, value, HTTP_DEFAULTS[field], now[field]);
  }
  for (const limit of HTTP_LIMITS) {
    check(`limits/${limit}`, given.limits?.[limit], null, LISTENER_LIMITS[limit].default, now.limits?.[limit]);
  }
}
