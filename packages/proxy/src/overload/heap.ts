import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { resourceLimits } from 'node:worker_threads';

/** The memory for objects that one thread has. */
export interface Heap {
  /** Share of what it may have that is in use, garbage included. */
  used(): number;
  /** Gives back what is garbage. Takes as long as what is not garbage is large: some 10 ms for 100 MB. */
  collect(): void;
}

/** The heap of this thread, as V8 has it. */
export class ThreadHeap implements Heap {
  #collect: (() => void) | null = null;

  /** Of old objects alone: the young come and go, and it is for want of room for the old that a thread ends. */
  used(): number {
    let used = 0;
    for (const { space_name: name, space_used_size: its } of getHeapSpaceStatistics()) {
      if (!name.startsWith('new_')) used += its;
    }
    return used / roomForOld();
  }

  collect(): void {
    this.#collect ??= collector();
    this.#collect();
  }
}

/**
 * In bytes. The limit of a heap is that of both its parts; and as much as all the young take is left free among the old,
 * since that is what one collection may bring there.
 */
function roomForOld(): number {
  const { heap_size_limit: limit } = getHeapStatistics();
  const young = (resourceLimits.maxYoungGenerationSizeMb ?? 0) * 1024 * 1024;
  return Math.max(limit - 2 * young, limit / 4);
}

/** V8 shows its collector only to contexts that are made after it was told to. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
