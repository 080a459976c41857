import type { OriginFault } from './plan.ts';

/** What an origin does with whatever it is asked for as long as it is in this mood. */
export type Mood =
  | OriginFault
  /** Answers as planned, so many milliseconds later. */
  | { readonly kind: 'slow'; readonly delay: number }
  /** Answers 503 to everything. */
  | { readonly kind: 'unable' };

/** What an origin in the mood `unable` says. */
export const UNABLE = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');

/** Milliseconds that the mood adds to every answer. */
export function delayOf(mood: Mood | null): number {
  return mood?.kind === 'slow' ? mood.delay : 0;
}

/** How answers go wrong in this mood; null: not of themselves. */
export function faultOf(mood: Mood | null): OriginFault | null {
  return mood === null || mood.kind === 'slow' || mood.kind === 'unable' ? null : mood;
}
