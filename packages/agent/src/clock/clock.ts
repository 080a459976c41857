/** Time as the agent's control work sees it: injected everywhere, so that tests run on virtual time. */
export interface Clock {
  /** Monotonic milliseconds, with fraction. */
  now(): number;
  /** Unix milliseconds, whole ones. */
  wallTime(): number;
  /** Calls back once, `delay` milliseconds from now or a little later. */
  setTimer(delay: number, callback: () => void): Timer;
}

export interface Timer {
  /** Does nothing when the timer has already gone off. */
  cancel(): void;
}

/** Uniform in [0, 1), as `Math.random`. */
export type Random = () => number;

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(delay, callback) {
    const timeout = setTimeout(callback, delay);
    return { cancel: () => clearTimeout(timeout) };
  },
};
