import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isIntact, planOf } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../clock/clock.ts';
import { entryShape } from './entry-shape.ts';
import { fields, integer, list, text } from './shape.ts';

/**
 * Milliseconds between two writes. A plan of 10,000 targets is a file of megabytes, and its writer must not be busy with
 * nothing else while changes stream in; what a crash can lose is sent again by the control plane.
 */
const PACE = 200;
/** Milliseconds from a failed write to the next; doubled with every failure in a row, up to the limit. */
const RETRY_FIRST = 1_000;
const RETRY_LIMIT = 30_000;

const planShape = fields({ version: integer(0), hash: text(64), entries: list(entryShape) });

export interface PlanStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The last plan, in one file: `{"format":1,"sha256":…,"plan":…}` with the checksum over the plan's text. A write goes to
 * a file beside it, to the disk, and over the old one by rename, so that at every moment a whole plan is there. One
 * write runs at a time and only the newest plan waits. A write that fails (disk full) leaves the old file, is logged
 * once, and is tried again with what is then the newest plan.
 */
export class PlanStore {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
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
   * The plan on disk; null when there is none. One that is torn, altered or not understood is moved aside to
   * `<path>.corrupt`, in place of an earlier one there, and counts as none.
   */
  async load(): Promise<NodePlan | null> {
    let content: string;
    try {
      content = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      this.#log.error({ err: error, path: this.#path }, 'the plan on disk cannot be read; starting without one');
      return null;
    }
    const result = decode(content);
    if (typeof result === 'string') {
      await this.#setAside(result);
      return null;
    }
    this.#savedVersion = result.version;
    return result;
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
    const beside = `${this.#path}.new`;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const file = await open(beside, 'w', 0o600);
      try {
        await file.writeFile(encode(plan));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.#path);
      await syncDirectory(dirname(this.#path));
      this.#savedVersion = plan.version;
      if (this.#failuresInRow > 0) this.#log.info({ version: plan.version }, 'the plan can be written to disk again');
      this.#failuresInRow = 0;
    } catch (error) {
      this.#next ??= plan;
      this.#failures++;
      if (this.#failuresInRow++ === 0) {
        this.#log.error(
          { err: error, path: this.#path, version: plan.version },
          'the plan cannot be written to disk; serving it all the same, but a restart would begin with the older one',
        );
      }
      await rm(beside, { force: true }).catch((cause) => this.#log.warn({ err: cause }, `cannot remove ${beside}`));
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

const PREFIX = '{"format":1,"sha256":"';
const MIDDLE = '","plan":';
const SUFFIX = '}\n';
const DIGEST = 64;

function encode(plan: NodePlan): string {
  const body = JSON.stringify({ version: plan.version, hash: plan.hash, entries: [...plan.entries.values()] });
  return PREFIX + sha256(body) + MIDDLE + body + SUFFIX;
}

/** The plan, or what is wrong with the file. */
function decode(content: string): NodePlan | string {
  const start = PREFIX.length + DIGEST + MIDDLE.length;
  if (!content.startsWith(PREFIX) || !content.endsWith(SUFFIX)) return 'torn, or not a plan file of this version';
  const body = content.slice(start, -SUFFIX.length);
  if (content.slice(PREFIX.length, PREFIX.length + DIGEST) !== sha256(body)) return 'the checksum is wrong';
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'not JSON';
  }
  const fault = planShape(value, '');
  if (fault !== '') return fault;
  const stored = value as { readonly version: number; readonly hash: string; readonly entries: readonly PlanEntry[] };
  const plan = planOf(stored.version, stored.entries);
  if (plan.hash !== stored.hash || !isIntact(plan)) return 'the hashes are wrong';
  return plan;
}

function sha256(body: string): string {
  return createHash('sha256').update(body).digest('hex');
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
