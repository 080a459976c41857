import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import { IDLE_TIMEOUT } from '@evenkeel/model/limits.ts';
import type { Logger } from 'pino';
import { Numbers } from './numbers.ts';

/** As the maps have it (bpf/consts.h), less what own-traffic.ts takes. */
const TARGETS = 32_751;
/**
 * Seconds for which the number of a target that is gone is nobody's: as long as any listener may still take a flow that
 * is written down with it for a living one.
 */
const RETIRED = IDLE_TIMEOUT.maximum;

/** Numbers of targets. One that is retired comes back early when all are in use, once nothing leads anybody to it. */
export class TargetNumbers {
  readonly #numbers: Numbers;
  readonly #datapath: Pick<Datapath, 'forgetTargets'>;
  readonly #log: Logger;

  constructor(
    datapath: Pick<Datapath, 'forgetTargets'>,
    log: Logger,
    known: Readonly<Record<string, number>>,
    retired: Readonly<Record<string, number>>,
  ) {
    this.#datapath = datapath;
    this.#log = log;
    this.#numbers = new Numbers(TARGETS, known, retired);
  }

  /** Numbers of targets that are gone, and until when they are nobody's. */
  get retired(): Record<string, number> {
    return this.#numbers.retired(secondsNow());
  }

  take(name: string): number | null {
    return this.#numbers.take(name, secondsNow());
  }

  /** It was in no map. */
  release(name: string): void {
    this.#numbers.release(name);
  }

  retire(name: string): void {
    this.#numbers.retire(name, secondsNow() + RETIRED);
  }

  hasRoom(count: number): boolean {
    return count === 0 || count <= this.#numbers.free(secondsNow());
  }

  /**
   * When there is no room for so many, whatever still knows the retired ones is struck out, which takes a while. Not while a
   * table is being made, nor twice at a time: the numbers are others' afterwards.
   */
  async makeRoom(count: number): Promise<void> {
    if (this.hasRoom(count)) return;
    const retired = new Set(Object.keys(this.retired).map(Number));
    if (retired.size === 0) return;
    const struckOut = await this.#datapath.forgetTargets(retired);
    this.#numbers.restore(retired);
    this.#log.warn(
      { numbers: retired.size, flows: struckOut },
      'all numbers of targets were in use: cleared old flows',
    );
  }
}

/** On the clock of the kernel's programs, which begins with the machine, as maps do. */
function secondsNow(): number {
  return Math.floor(Number(process.hrtime.bigint() / 1_000_000_000n));
}
