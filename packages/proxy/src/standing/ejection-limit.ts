export interface LimitInput {
  /** Active targets of positive weight. */
  readonly targets: number;
  /** Those of them that take traffic. */
  readonly candidates: number;
  /** Per cent of the targets. */
  readonly maxEjectedShare: number;
  /** Per cent of the targets that ejections must leave, so that they alone never make the service fail open. */
  readonly failOpen: number;
  /** Health counts for nothing now: all take traffic. */
  readonly isOpen: boolean;
}

/** How many targets may be ejected at once. One may always be if another is left and any may be at all. */
export function ejectionLimit({ targets, candidates, maxEjectedShare, failOpen, isOpen }: LimitInput): number {
  if (isOpen || maxEjectedShare === 0) return 0;
  const share = Math.max(1, Math.floor((targets * maxEjectedShare) / 100));
  const left = Math.max(1, Math.ceil((targets * failOpen) / 100));
  return Math.max(0, Math.min(share, candidates - left));
}
