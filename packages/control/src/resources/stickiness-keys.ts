import type { Stickiness } from '@evenkeel/model/resources/stickiness.ts';
import { Secret } from '../secrets/secret.ts';
import type { Draft } from '../state/draft.ts';
import type { BackendServiceRecord } from '../state/records.ts';

const KEY_BYTES = 32;
/** The one that cookies are made with, and one whose cookies are still taken. */
const KEPT = 2;

/** What the cookies of a service are authenticated with: base64 of 32 bytes each, the newest first. */
export function keysOf(keys: Secret): [string, ...string[]] {
  return keys.reveal().split('\n') as [string, ...string[]];
}

/** The keys, made when they are first needed and kept: whoever turns stickiness off and on loses nobody. */
export function ensureKeys(draft: Draft, { type }: Stickiness, current: Secret | null): Secret | null {
  return current ?? (type === 'cookie' ? new Secret(newKey(draft)) : null);
}

/** Puts a new key in front. Cookies of the one before are taken and replaced; those of the one before that are not. */
export function rotateKey(draft: Draft, service: BackendServiceRecord): BackendServiceRecord {
  if (service.stickinessKeys === null) return service;
  const keys = [newKey(draft), ...keysOf(service.stickinessKeys)].slice(0, KEPT);
  return draft.update('backendService', service, { stickinessKeys: new Secret(keys.join('\n')) });
}

function newKey(draft: Draft): string {
  return draft.context.secret(KEY_BYTES).toString('base64');
}
