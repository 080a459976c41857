import type { FromAgent, ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import type { Applied } from '../plan/applier.ts';

/** Milliseconds for which changes of health are collected into one message. */
const HEALTH_PAUSE = 20;

export interface OutboxOptions {
  readonly clock: Clock;
  /** Sends when the stream is open and not congested; false when it did not. */
  readonly send: (message: FromAgent) => boolean;
  /** All that is known of targets now. */
  readonly report: () => ReportedHealth[];
}

/**
 * What the control plane has yet to hear. Bounded by what there is to say: one resync, the newest acknowledgement, one
 * report per target. While the stream is closed or congested, newer news replaces older.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #resync = false;
  #applied: Applied | null = null;
  #complete = false;
  readonly #changes = new Map<string, ReportedHealth>();
  #timer: Timer | null = null;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /**
   * A stream is open. The other side knows nothing of this node's targets; what the node runs it learns from the answer
   * to its first message.
   */
  begin(): void {
    this.#resync = false;
    this.#applied = null;
    this.#complete = true;
    this.#changes.clear();
    this.flush();
  }

  resync(): void {
    this.#resync = true;
    this.flush();
  }

  applied(applied: Applied): void {
    this.#applied = applied;
    this.flush();
  }

  /** One target is another; goes out with others of its kind in a moment. */
  changed(health: ReportedHealth): void {
    if (this.#complete) return;
    this.#changes.set(`${health.serviceId}/${health.targetId}`, health);
    this.#timer ??= this.#options.clock.setTimer(HEALTH_PAUSE, () => {
      this.#timer = null;
      this.flush();
    });
  }

  /** Says as much as the stream takes; what is left waits for the next call. */
  flush(): void {
    const { send, report } = this.#options;
    if (this.#resync) {
      if (!send({ type: 'resync' })) return;
      this.#resync = false;
    }
    if (this.#applied !== null) {
      if (!send({ type: 'applied', ...this.#applied })) return;
      this.#applied = null;
    }
    if (this.#complete) {
      if (!send({ type: 'health', complete: true, targets: report() })) return;
      this.#complete = false;
      this.#changes.clear();
    }
    if (this.#changes.size > 0 && this.#timer === null) {
      if (!send({ type: 'health', complete: false, targets: [...this.#changes.values()] })) return;
      this.#changes.clear();
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
