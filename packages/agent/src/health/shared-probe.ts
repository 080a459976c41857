import type { Clock, Random } from '../clock/clock.ts';
import type { Judge } from './judge.ts';
import { type ProbeOutcome, timedOut } from './outcome.ts';
import type { Prober, ProbeTarget, RunningProbe } from './prober.ts';
import type { Scheduler, Task } from './scheduler.ts';

export interface SharedProbeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly prober: Prober;
  readonly scheduler: Scheduler;
  /** Told of every probe that has ended; `duration` and `lag` in milliseconds. */
  readonly onProbed: (target: ProbeTarget, outcome: ProbeOutcome, duration: number, lag: number) => void;
}

/**
 * The probing of one address and port in one way, for all services that ask for just that.
 *
 * Regular probes run at a random phase of the interval, drawn anew for every target, and a little earlier or later each
 * time, so that targets registered together are spread over the interval. Between them run the quick probes of newcomers;
 * these do not count for a judge that is no newcomer, whose `fall` would otherwise be used up faster than its interval
 * says.
 */
export class SharedProbe implements Task {
  due = 0;
  place = -1;
  slow = false;
  readonly target: ProbeTarget;
  readonly #options: SharedProbeOptions;
  readonly #judges = new Set<Judge>();
  #regularDue: number;
  #running: RunningProbe | null = null;
  #fresh = true;

  constructor(target: ProbeTarget, options: SharedProbeOptions) {
    this.target = target;
    this.#options = options;
    this.#regularDue = options.clock.now() + (1 - options.random()) * target.check.interval;
  }

  /** Adds a judge. One that is not informed of the target has it probed at once, another waits for its turn. */
  join(judge: Judge, informed: boolean): void {
    this.#judges.add(judge);
    if (this.#running !== null) return;
    const due = informed ? this.#regularDue : this.#options.clock.now();
    this.#options.scheduler.schedule(this, this.place < 0 ? due : Math.min(this.due, due));
  }

  /** Gives up probing with the last judge; true when this was the last. */
  leave(judge: Judge): boolean {
    this.#judges.delete(judge);
    if (this.#judges.size > 0) return false;
    this.#options.scheduler.cancel(this);
    this.#running?.cancel();
    return true;
  }

  run(lag: number, finished: () => void): void {
    const { clock, prober, onProbed } = this.#options;
    const started = clock.now();
    const due = started >= this.#regularDue;
    // The first one counts for everybody: whoever comes here with a state has it from another check.
    const regular = due || this.#fresh;
    this.#fresh = false;
    if (due) this.#regularDue = Math.max(started, this.#regularDue + this.#interval());
    const running = prober.probe(this.target, (outcome) => {
      this.#running = null;
      this.slow = timedOut(outcome);
      onProbed(this.target, outcome, clock.now() - started, lag);
      this.#judge(outcome, regular);
      finished();
      this.#scheduleNext();
    });
    this.#running = {
      cancel: () => {
        this.#running = null;
        running.cancel();
        finished();
      },
    };
  }

  #judge(outcome: ProbeOutcome, regular: boolean): void {
    for (const judge of this.#judges) {
      if (regular || judge.isNewcomer) judge.take(outcome);
    }
  }

  #scheduleNext(): void {
    if (this.#judges.size === 0) return;
    let due = this.#regularDue;
    const now = this.#options.clock.now();
    for (const judge of this.#judges) {
      if (judge.isNewcomer) due = Math.min(due, now + judge.newcomerGap(this.target.check.interval));
    }
    this.#options.scheduler.schedule(this, due);
  }

  #interval(): number {
    return this.target.check.interval * (0.95 + 0.1 * this.#options.random());
  }
}

/** Equal for targets that one probe can answer for. */
export function probeKey(target: ProbeTarget): string {
  const { check } = target;
  return JSON.stringify([
    target.address,
    target.port,
    target.proxyProtocol,
    check.protocol,
    check.interval,
    check.timeout,
    ...(check.protocol === 'http' ? [check.method, check.path, check.host, check.httpVersion, check.statusRanges] : []),
  ]);
}
