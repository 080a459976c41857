import type { ProxyEngine } from '@evenkeel/proxy/engine/engine.ts';
import type { RecentRequests } from './recent-requests.ts';

type Source = Pick<ProxyEngine, 'readAccessLog' | 'mayHaveFailures'>;

/** What was read of a ring. */
interface Taken {
  readonly lines: Uint8Array;
  readonly mayHaveFailures: boolean;
}

/**
 * Takes lines from the workers' rings into the memory of recent requests, and hands them on from there, as many as lie side
 * by side: each ring has its room back at once, and a busy node's log is written in few large pieces.
 */
export class LogBatches {
  readonly #engine: Source;
  readonly #recent: RecentRequests;
  /** The end of a lap of the memory was near: these lines are the first of the next batch, and still in their ring. */
  #held: Taken | null = null;
  #emptied = false;

  constructor(engine: Source, recent: RecentRequests) {
    this.#engine = engine;
    this.#recent = recent;
  }

  /**
   * Complete lines, which stay as they are until the next call; null once the rings have been empty. What comes while a
   * batch is written is left for the next round, or there would be a small write for every few lines.
   */
  readonly next = (): Uint8Array | null => {
    if (this.#emptied) {
      this.#emptied = false;
      return null;
    }
    let batch: Uint8Array | null = null;
    for (let taken = this.#take(); taken !== null; taken = this.#take()) {
      if (batch !== null && !this.#recent.hasRoom(taken.lines.length)) {
        this.#held = taken;
        return batch;
      }
      const kept = this.#recent.add(taken.lines, taken.mayHaveFailures);
      batch = batch === null ? kept : new Uint8Array(batch.buffer, batch.byteOffset, batch.length + kept.length);
    }
    this.#emptied = batch !== null;
    return batch;
  };

  #take(): Taken | null {
    const held = this.#held;
    this.#held = null;
    if (held !== null) return held;
    const lines = this.#engine.readAccessLog();
    return lines && { lines, mayHaveFailures: this.#engine.mayHaveFailures };
  }
}
