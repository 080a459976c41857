import type { ProbeExchange } from '@evenkeel/model/plan/evidence.ts';
import type { Clock } from '../clock/clock.ts';
import { ProbeHistory } from './probe-history.ts';
import type { Prober, ProbeTarget } from './prober.ts';

/** Probes of a trial that run at a time, beside the regular ones. */
const AT_A_TIME = 32;

/**
 * Probes each target once, in order, a bounded number at a time, and calls back with what happened. Nothing is judged by
 * it, and regular probes go on.
 */
export function tryOut(
  targets: readonly ProbeTarget[],
  prober: Prober,
  clock: Clock,
  done: (exchanges: readonly ProbeExchange[]) => void,
): void {
  const exchanges: ProbeExchange[] = [];
  let next = 0;
  let ended = 0;
  const begin = (): void => {
    const index = next++;
    const target = targets[index];
    if (target === undefined) return;
    const probe = prober.prepare(target);
    const history = new ProbeHistory();
    history.begin(clock.now(), clock.wallTime());
    probe.start(history, (outcome) => {
      history.end(outcome, clock.now());
      // It may have left its connection open for a next one.
      probe.cancel();
      exchanges[index] = history.exchanges(probe.request)[0] as ProbeExchange;
      ended++;
      if (ended === targets.length) done(exchanges);
      else begin();
    });
  };
  if (targets.length === 0) done(exchanges);
  for (let i = Math.min(AT_A_TIME, targets.length); i > 0; i--) begin();
}
