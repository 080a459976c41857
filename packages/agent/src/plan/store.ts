import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diffPlans } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../clock/clock.ts';
import { readLines } from './file-lines.ts';
import { encodeDelta, encodePlan, PlanDecoder } from './plan-file.ts';
import { givesUpSecrets } from './secrets.ts';

/**
 * Milliseconds between two writes: each makes the disk flush, which others wait for too. What a crash can lose is sent
 * again by the control plane.
 */
const PACE = 200;
/** Milliseconds from a failed write to the next; doubled with every failure in a row, up to the limit. */
const RETRY_FIRST = 1_000;
const RETRY_LIMIT = 30_000;
/** Bytes of changes that are put behind any plan; behind a larger one, as many as it has itself. */
const CHANGES = 256 * 1024;

export interface PlanStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What the file is known to hold. */
interface Stored {
  readonly plan: NodePlan;
  /** Bytes of the file. */
  readonly length: number;
  /** Bytes of it that are the plan that it was begun with. */
  readonly begunWith: number;
}

/**
 * The last plan, in one file (see plan-file.ts). A change is put behind the rest, and to the disk. When there is as much
 * of changes as of plan, or a secret goes out of use, a whole plan is written to a file beside it, to the disk, and over the old one by rename. So at
 * every moment a whole plan is there, at worst without the change that was being written. One write runs at a time and
 * only the newest plan waits. A write that fails (disk full) leaves the old plan, is logged once, and is tried again with
 * what is then the newest plan.
 */
export class PlanStore {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** null: not known; the next write is a whole plan. */
  #stored: Stored | null = null;
  #next: NodePlan | null = null;
  #writing: Promise<void> | null = null;
  #timer: Timer | null = null;
  #lastWrite = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #failuresInRow = 0;
  #savedVersion = 0;

  constructor(options: PlanStoreOptions) {
    this.#path = options.path;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Writes that have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Version of the plan on disk; 0 for none. */
  get savedVersion(): number {
    return this.#savedVersion;
  }

  /**
   * The plan on disk; null when there is none. Of changes that were torn or altered, those before them count. A plan that
   * is torn, altered or not understood itself is moved aside to `<path>.corrupt`, in place of an earlier one there, and
   * counts as none.
   */
  async load(): Promise<NodePlan | null> {
    const decoder = new PlanDecoder();
    let length: number;
    try {
      length = await readLines(
        this.#path,
        (line) => decoder.take(line),
        () => decoder.takeTorn(),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      this.#log.error({ err: error, path: this.#path }, 'the plan on disk cannot be read; starting without one');
      return null;
    }
    const decoded = decoder.end();
    if (typeof decoded === 'string') {
      await this.#setAside(decoded);
      return null;
    }
    const { plan, problem, begunWith } = decoded;
    this.#savedVersion = plan.version;
    if (problem === '') this.#stored = { plan, length, begunWith };
    else this.#log.warn({ path: this.#path, problem, version: plan.version }, 'the last changes on disk are damaged');
    return plan;
  }

  /** Has the plan written soon; returns at once. */
  save(plan: NodePlan): void {
    this.#next = plan;
    if (this.#writing !== null || this.#timer !== null) return;
    const wait = this.#lastWrite + this.#gap() - this.#clock.now();
    if (wait <= 0) {
      this.#begin();
      return;
    }
    this.#timer = this.#clock.setTimer(wait, () => this.#begin());
  }

  /** Writes what waits and resolves when it is on disk or a write has failed; then only a new plan begins again. */
  async flush(): Promise<void> {
    const failures = this.#failures;
    while (this.#failures === failures && (this.#writing !== null || this.#next !== null)) {
      this.#timer?.cancel();
      if (this.#writing === null) this.#begin();
      await this.#writing;
    }
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Milliseconds from one write to the next. */
  #gap(): number {
    if (this.#failuresInRow === 0) return PACE;
    return Math.min(RETRY_LIMIT, RETRY_FIRST * 2 ** Math.min(16, this.#failuresInRow - 1));
  }

  #begin(): void {
    this.#timer = null;
    const plan = this.#next;
    if (plan === null) return;
    this.#next = null;
    this.#writing = this.#write(plan).finally(() => {
      this.#writing = null;
      this.#lastWrite = this.#clock.now();
      if (this.#next !== null) this.save(this.#next);
    });
  }

  async #write(plan: NodePlan): Promise<void> {
    try {
      this.#stored = (await this.#append(plan)) ?? (await this.#replace(plan));
      this.#savedVersion = plan.version;
      if (this.#failuresInRow > 0) this.#log.info({ version: plan.version }, 'the plan can be written to disk again');
      this.#failuresInRow = 0;
    } catch (error) {
      this.#next ??= plan;
      this.#failures++;
      if (this.#failuresInRow++ > 0) return;
      this.#log.error(
        { err: error, path: this.#path, version: plan.version },
        'the plan cannot be written to disk; serving it all the same, but a restart would begin with the older one',
      );
    }
  }

  /** Puts the change behind the rest; null when that cannot be, or a whole plan is due. */
  async #append(plan: NodePlan): Promise<Stored | null> {
    const stored = this.#stored;
    if (stored === null) return null;
    // Whatever becomes of it: until it has succeeded, it is not known what the file ends with.
    this.#stored = null;
    const delta = diffPlans(stored.plan, plan);
    // Behind the old ones, new keys would not make them go away.
    if (givesUpSecrets(stored.plan, delta)) return null;
    const change = Buffer.from(encodeDelta(delta));
    const length = stored.length + change.length;
    if (length - stored.begunWith > Math.max(CHANGES, stored.begunWith)) return null;
    try {
      const file = await open(this.#path, constants.O_WRONLY | constants.O_APPEND);
      try {
        if ((await file.stat()).size !== stored.length) return null;
        await file.writeFile(change);
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#log.debug({ err: error, path: this.#path }, 'a change cannot be put behind the plan; writing it whole');
      return null;
    }
    return { ...stored, plan, length };
  }

  /** Writes the whole plan in the place of the old one. */
  async #replace(plan: NodePlan): Promise<Stored> {
    const beside = `${this.#path}.new`;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      let length = 0;
      const file = await open(beside, 'w', 0o600);
      try {
        for (const piece of encodePlan(plan)) {
          await file.writeFile(piece);
          length += Buffer.byteLength(piece);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.#path);
      await syncDirectory(dirname(this.#path));
      return { plan, length, begunWith: length };
    } catch (error) {
      await rm(beside, { force: true }).catch((cause) => this.#log.warn({ err: cause }, `cannot remove ${beside}`));
      throw error;
    }
  }

  async #setAside(problem: string): Promise<void> {
    const aside = `${this.#path}.corrupt`;
    this.#log.error({ path: this.#path, problem, aside }, 'the plan on disk is damaged; moved aside, starting without');
    try {
      await rename(this.#path, aside);
    } catch (error) {
      this.#log.error({ err: error, path: this.#path }, 'the damaged plan cannot be moved aside');
    }
  }
}

/** Makes a rename in the directory last through a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
