import type { Clock, Random } from '../clock/clock.ts';
import type { Judge } from './judge.ts';
import { type ProbeOutcome, timedOut } from './outcome.ts';
import { ProbeHistory } from './probe-history.ts';
import { type Probe, type Prober, type ProbeTarget, silenceIsGood } from './prober.ts';
import { Lane, NO_SLOT, type Scheduler, type Task } from './scheduler.ts';

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
  lane: Lane;
  slot: Lane | typeof NO_SLOT = NO_SLOT;
  readonly target: ProbeTarget;
  readonly history = new ProbeHistory();
  readonly #options: SharedProbeOptions;
  readonly #probe: Probe;
  readonly #judges = new Set<Judge>();
  /** One function for all probes: thousands begin in a second. */
  readonly #onEnded = (outcome: ProbeOutcome): void => this.#ended(outcome);
  #regularDue: number;
  #running = false;
  #fresh = true;
  /** Of the probe that runs. */
  #started = 0;
  #lag = 0;
  #regular = false;

  constructor(target: ProbeTarget, options: SharedProbeOptions) {
    this.target = target;
    this.#options = options;
    this.#probe = options.prober.prepare(target);
    this.lane = silenceIsGood(target.check) ? Lane.silent : Lane.quick;
    this.#regularDue = this.#anywhere(options.clock.now());
  }

  /** What each probe sends. */
  get request(): Uint8Array {
    return this.#probe.request;
  }

  /** Adds a judge. One that is not informed of the target has it probed at once, another waits for its turn. */
  join(judge: Judge, informed: boolean): void {
    this.#judges.add(judge);
    if (this.#running) return;
    const due = informed ? this.#regularDue : this.#options.clock.now();
    this.#options.scheduler.schedule(this, this.place < 0 ? due : Math.min(this.due, due));
  }

  /** Gives up probing with the last judge; true when this was the last. */
  leave(judge: Judge): boolean {
    this.#judges.delete(judge);
    if (this.#judges.size > 0) return false;
    this.#options.scheduler.cancel(this);
    this.#probe.cancel();
    if (this.#running) {
      this.#running = false;
      this.#options.scheduler.finished(this);
    }
    return true;
  }

  run(lag: number): void {
    const { clock } = this.#options;
    this.#started = clock.now();
    this.#lag = lag;
    const due = this.#started >= this.#regularDue;
    // The first one counts for everybody: whoever comes here with a state has it from another check.
    this.#regular = due || this.#fresh;
    this.#fresh = false;
    if (due) this.#regularDue = this.#following();
    this.#running = true;
    this.history.begin(this.#started, clock.wallTime());
    this.#probe.start(this.history, this.#onEnded);
  }

  #ended(outcome: ProbeOutcome): void {
    const { clock, onProbed, scheduler } = this.#options;
    const now = clock.now();
    this.#running = false;
    if (this.lane !== Lane.silent) this.lane = timedOut(outcome) ? Lane.slow : Lane.quick;
    this.history.end(outcome, now);
    onProbed(this.target, outcome, now - this.#started, this.#lag);
    for (const judge of this.#judges) {
      if (this.#regular || judge.isNewcomer) judge.take(outcome);
    }
    scheduler.finished(this);
    this.#scheduleNext(now);
  }

  #scheduleNext(now: number): void {
    if (this.#judges.size === 0) return;
    let due = this.#regularDue;
    for (const judge of this.#judges) {
      if (judge.isNewcomer) due = Math.min(due, now + judge.newcomerGap(this.target.check.interval));
    }
    this.#options.scheduler.schedule(this, due);
  }

  /**
   * When the next regular probe is due. Who has missed a whole turn, with many others after a pause of this thread, has its
   * place in the interval drawn anew: those who are late together must not go on together.
   */
  #following(): number {
    const next = this.#regularDue + this.#interval();
    return next > this.#started ? next : this.#anywhere(this.#started);
  }

  #anywhere(from: number): number {
    return from + (1 - this.#options.random()) * this.target.check.interval;
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
    check.tls,
    ...whatIsAsked(target),
  ]);
}

function whatIsAsked({ check }: ProbeTarget): readonly unknown[] {
  switch (check.protocol) {
    case 'tcp':
    case 'tls':
    case 'udp':
      return [check.send, check.expect];
    case 'http':
    case 'https':
      return [check.method, check.path, check.host, check.httpVersion, check.statusRanges, check.checksPerConnection];
    case 'grpc':
    case 'grpcs':
      return [check.host, check.grpcService];
  }
}
