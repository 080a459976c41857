import { Closed } from '../reactor.ts';
import type { Handover } from './outbox.ts';

/** What the kernel has done for a connection and protocol code has not been told yet. */
export type Completion =
  | { readonly kind: 'connected' }
  | { readonly kind: 'received'; readonly buffer: number; readonly start: number; readonly end: number }
  | { readonly kind: 'sent'; readonly handover: Handover }
  | { readonly kind: 'ended' }
  | { readonly kind: 'closed'; readonly reason: Closed };

export type Incoming = Extract<Completion, { kind: 'received' | 'ended' }>;

/** The name of a reason, for traces. */
export function nameOf(reason: Closed): string {
  return Object.entries(Closed).find(([, value]) => value === reason)?.[0] ?? String(reason);
}
