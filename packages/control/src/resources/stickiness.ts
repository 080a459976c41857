import { STICKINESS } from '@evenkeel/model/limits.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { Stickiness, StickinessPatch } from '@evenkeel/model/resources/stickiness.ts';
import { refuseField } from '../problem.ts';

/** The stickiness of a new backend service that says nothing about it. */
export function defaultStickiness(serviceId: string): Stickiness {
  return {
    type: 'none',
    cookieName: defaultCookieName(serviceId),
    expiry: STICKINESS.expiry.default,
    timeout: STICKINESS.timeout.default,
  };
}

/** One per service: with the same name, two services behind one host would overwrite each other's cookies. */
function defaultCookieName(serviceId: string): string {
  return `EVENKEEL-${serviceId.slice(-8).toUpperCase()}`;
}

/** The name that cookies of a copy of the service have: one that was given stays. */
export function cookieNameOfClone(
  { id, stickiness: { cookieName } }: Pick<BackendService, 'id' | 'stickiness'>,
  cloneId: string,
): string {
  return cookieName === defaultCookieName(id) ? defaultCookieName(cloneId) : cookieName;
}

type Owner = Pick<BackendService, 'id' | 'protocol' | 'algorithm'>;

/**
 * The stickiness with the given fields changed. `service` is the owner as it will be; `at` is the pointer to the fields.
 * Checked again when only the algorithm changes.
 */
export function changeStickiness(
  current: Stickiness,
  patch: StickinessPatch | undefined,
  service: Owner,
  at: string,
): Stickiness {
  const changed = { ...current, ...patch };
  // A name that was given for one kind means nothing to another: the targets' own cookie must not be written over.
  if (changed.type !== current.type && patch?.cookieName === undefined) {
    changed.cookieName = defaultCookieName(service.id);
  }
  switch (changed.type) {
    case 'none':
      return changed;
    case 'cookie':
      checkCookies(service, at);
      // Browsers keep cookies of these names only when they are marked Secure (RFC 6265bis §4.1.3).
      if (/^__(host|secure)-/i.test(changed.cookieName)) {
        refuseField('validation-failed', `${at}/cookieName`, 'browsers refuse this name when a page comes by http');
      }
      return changed;
    case 'application-cookie':
      checkCookies(service, at);
      if (changed.cookieName === defaultCookieName(service.id)) {
        refuseField('validation-failed', `${at}/cookieName`, 'is missing: name the cookie that the targets set');
      }
      return changed;
    case 'source-ip':
      if (service.algorithm === 'source-ip') {
        refuseField('validation-failed', `${at}/type`, 'the algorithm source-ip is sticky by itself', ['none']);
      }
      return changed;
    default:
      return changed.type satisfies never;
  }
}

/** Another algorithm would be asked for new clients alone, and its idea of evenness would not come true. */
function checkCookies({ protocol, algorithm }: Owner, at: string): void {
  if (protocol !== 'http') {
    refuseField('validation-failed', `${at}/type`, `${protocol} has no cookies`, ['none', 'source-ip']);
  }
  if (algorithm !== 'round-robin') {
    const reason = `cookies need the algorithm round-robin, not ${algorithm}`;
    refuseField(
      'validation-failed',
      `${at}/type`,
      reason,
      algorithm === 'source-ip' ? ['none'] : ['none', 'source-ip'],
    );
  }
}
