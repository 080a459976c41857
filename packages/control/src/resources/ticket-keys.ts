import { Secret } from '../secrets/secret.ts';
import type { Draft } from '../state/draft.ts';
import type { State } from '../state/state.ts';

/** Name 16, HMAC 32, AES-256 32. */
const KEY_BYTES = 80;
/** Milliseconds between two rotations. */
export const TICKET_KEY_AGE = 86_400_000;

/** Makes the keys when a listener first needs them. */
export function ensureTicketKeys(draft: Draft): void {
  draft.ticketKeys ??= { keys: [newKey(draft), newKey(draft)], rotatedAt: draft.context.now };
}

export function ticketKeysAreOld({ ticketKeys }: State, now: number): boolean {
  return ticketKeys !== null && now - ticketKeys.rotatedAt >= TICKET_KEY_AGE;
}

/**
 * The key that makes tickets gives way to the next, which all nodes have known since yesterday: there is no moment at
 * which one node makes tickets that another cannot open. A ticket is good for one to two days.
 */
export function rotateTicketKeys(draft: Draft): void {
  if (draft.ticketKeys === null || !ticketKeysAreOld(draft, draft.context.now)) return;
  const [current, next] = draft.ticketKeys.keys;
  draft.ticketKeys = { keys: [next!, newKey(draft), current!], rotatedAt: draft.context.now };
}

function newKey({ context }: Draft): Secret {
  return new Secret(context.secret(KEY_BYTES).toString('base64'));
}
