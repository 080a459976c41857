import { createHash } from 'node:crypto';

/** Bytes of a target's number. */
export const NUMBER_SIZE = 6;

/**
 * The number by which cookies and tables know a target: the same for the same target on every worker and node, in every
 * plan, whatever other targets there are. 0 <= number < 2^48, so that two targets of a service do not share one.
 */
export function targetNumber(id: string): number {
  return createHash('sha256').update(id).digest().readUIntBE(0, NUMBER_SIZE);
}
