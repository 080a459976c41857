import { UPGRADE_IDLE_TIMEOUT } from '@evenkeel/model/limits.ts';
import type { Forwarding } from '@evenkeel/model/resources/forwarding.ts';
import type { ListenerPatch, ListenerProtocol } from '@evenkeel/model/resources/listener.ts';
import { SERVICE_PROTOCOL } from '@evenkeel/model/settings.ts';
import { refuseField } from '../problem.ts';
import { equal } from '../state/draft.ts';

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
  desyncMode: 'defensive',
  upgradeIdleTimeout: UPGRADE_IDLE_TIMEOUT.default,
  compression: false,
  errorPages: [],
  forwarding: FORWARDING,
} as const;

type HttpSettings = { readonly [K in keyof typeof HTTP_DEFAULTS]?: ListenerPatch[K] | undefined };

/**
 * Refuses settings of HTTP on a listener of another protocol: who asks for them would believe that they do something.
 * Their defaults are taken, as an export has them. `now` is what the listener has; `at` is the pointer to `given`.
 */
export function checkHttpSettings(
  protocol: ListenerProtocol,
  given: HttpSettings,
  now: Readonly<Record<keyof typeof HTTP_DEFAULTS, unknown>>,
  at: string,
): void {
  if (SERVICE_PROTOCOL[protocol] === 'http') return;
  for (const field of Object.keys(HTTP_DEFAULTS) as (keyof typeof HTTP_DEFAULTS)[]) {
    const value = given[field];
    if (value === undefined) continue;
    const whole = field === 'forwarding' ? { ...FORWARDING, ...given.forwarding } : value;
    if (equal(whole, HTTP_DEFAULTS[field]) || equal(whole, now[field])) continue;
    refuseField('validation-failed', `${at}/${field}`, `is for listeners of protocol http and https, not ${protocol}`);
  }
}
