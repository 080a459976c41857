import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';

/**
 * When requests are due, in ascending milliseconds: `rate` a second on average for so many seconds, independent of one
 * another, as those of many clients are (a Poisson process: exponential distances). A seed is a whole schedule.
 */
export function arrivals(rate: number, seconds: number, seed: number): Float64Array {
  const random = new Random(seed);
  const due: number[] = [];
  for (let at = 0; ; ) {
    // 1 − fraction lies in (0, 1], so that the logarithm is finite.
    at -= (Math.log(1 - random.fraction()) * 1_000) / rate;
    if (at >= seconds * 1_000) return Float64Array.from(due);
    due.push(at);
  }
}
