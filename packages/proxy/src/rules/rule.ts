import type { Condition, RoutedRequest } from './condition/condition.ts';

/** A rule as requests meet it: when it applies. What it does is its `Rule`. */
export interface Matched<R> {
  readonly priority: number;
  readonly conditions: readonly Condition[];
  readonly rule: R;
}

/** Rules that ask for the same host and path, the smallest priority first. */
export type Bucket<R> = readonly Matched<R>[];

/** The first of a bucket whose conditions hold and whose priority is smaller than `below`; null: there is none. */
export function firstOf<R>(bucket: Bucket<R>, request: RoutedRequest, below: number): Matched<R> | null {
  for (const matched of bucket) {
    if (matched.priority >= below) return null;
    if (holdsAll(matched.conditions, request)) return matched;
  }
  return null;
}

export function holdsAll(conditions: readonly Condition[], request: RoutedRequest): boolean {
  for (const condition of conditions) if (!condition.holds(request)) return false;
  return true;
}
