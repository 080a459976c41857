import type { TargetStanding } from '@evenkeel/proxy/standing/standing.ts';
import type { Logger } from 'pino';
import type { HealthChange } from './checker.ts';
import type { StandingTurn } from './traffic-standings.ts';

/** What the log has of the health of targets, and of how they stand with the traffic. */
export class HealthLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  change({ serviceId, targetId, before, after, flapping, flapTurn }: HealthChange): void {
    if (flapTurn && flapping !== null) this.#log.warn({ serviceId, targetId, ...flapping }, 'a target is flapping');
    else if (flapTurn) this.#log.info({ serviceId, targetId }, 'a target has ceased to flap');
    const { kind: to, reason } = after;
    if (before === null || before.kind === to) return;
    // That a new target is well is no news; ten thousand of them at a start must not fill the log.
    const level = before.kind === 'detecting' && to === 'healthy' ? 'debug' : 'info';
    this.#log[level]({ serviceId, targetId, from: before.kind, to, reason }, 'the health of a target has changed');
  }

  standing({ serviceId, targetId, ejected, share }: TargetStanding, turn: StandingTurn): void {
    if (turn === 'ejected') this.#log.warn({ serviceId, targetId, ...ejected }, 'a target is ejected');
    else if (turn === 'back') this.#log.info({ serviceId, targetId, share }, 'a target is back from its ejection');
    else if (turn !== null) this.#log.debug({ serviceId, targetId, share }, `slow start: ${turn}`);
  }

  /** A service has begun to fail open, or ceased to. */
  failOpen({ serviceId, failOpen }: TargetStanding): void {
    if (failOpen) this.#log.warn({ serviceId }, 'too few targets are healthy: all of them take traffic');
    else this.#log.info({ serviceId }, 'enough targets are healthy: they alone take traffic');
  }
}
