/** How many flows there are, as a sample says. */
export interface FlowEstimate {
  readonly flows: number;
  /** The true number is within so many of that in 95 of 100 cases; 0: all flows were in the sample. */
  readonly error: number;
}

export const NO_FLOWS: FlowEstimate = { flows: 0, error: 0 };

/**
 * Each flow is in the sample with a probability of 1 in `oneIn`, by its hash, and whatever others are. So with n flows the
 * number in the sample is binomial, with a variance of n / oneIn * (1 - 1 / oneIn); times `oneIn` that is the estimate. The
 * error is two standard deviations, with one flow more than there were, so that none in the sample does not mean none for
 * certain.
 */
export function estimateFlows(inSample: number, oneIn: number): FlowEstimate {
  const error = oneIn === 1 ? 0 : Math.ceil(2 * Math.sqrt((inSample + 1) * oneIn * (oneIn - 1)));
  return { flows: inSample * oneIn, error };
}

/** The same of several that know nothing of each other. */
export function addEstimates(estimates: readonly FlowEstimate[]): FlowEstimate {
  return {
    flows: estimates.reduce((sum, { flows }) => sum + flows, 0),
    error: Math.ceil(Math.hypot(...estimates.map(({ error }) => error))),
  };
}
