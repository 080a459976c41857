/** Where a connection is in its life; it only moves forward. */
export const Phase = {
  connecting: 0,
  open: 1,
  /** `close`: flushing, then done. What arrives is thrown away. */
  closing: 2,
  /** `closeLingering`: flushing, FIN, throwing away until the peer ends or time is up. */
  lingering: 3,
  /** The socket is given up; waiting for what is still in flight. */
  ending: 4,
  /** `onClosed` has been called. */
  gone: 5,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];
