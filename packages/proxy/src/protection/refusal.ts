import { REFUSALS } from '@evenkeel/model/plan/sources.ts';

/**
 * Why a source may not connect. Counted per listener as `row[ListenerCell.refused + refusal]!++`; `REFUSALS` of the model
 * has the names, in this order.
 */
export const Refusal = {
  securityGroup: 0,
  allowedSources: 1,
  blockList: 2,
  denyList: 3,
} as const;
export type Refusal = (typeof Refusal)[keyof typeof Refusal];

/** The source may connect. */
export const ADMITTED = -1;
export type Verdict = Refusal | typeof ADMITTED;

export const REFUSAL_NAMES: readonly string[] = REFUSALS;
