import { CHECK_PROTOCOLS, type CheckProtocol } from '@evenkeel/model/plan/objects.ts';
import type { HistogramCounts } from '@evenkeel/proxy/telemetry/counters.ts';
import { FAILURE_REASONS, type ProbeOutcome } from '../health/outcome.ts';
import type { ProbeLoad } from '../health/watch.ts';

const RESULTS = ['success', 'inconclusive', ...FAILURE_REASONS] as const;
/** Upper bounds of durations in seconds. */
const BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Where what is in a list of words is in it, without searching for it. */
function places<Word extends string>(words: readonly Word[]): Readonly<Record<Word, number>> {
  return Object.fromEntries(words.map((word, index) => [word, index])) as Record<Word, number>;
}

const PLACE_OF_PROTOCOL = places(CHECK_PROTOCOLS);
const PLACE_OF_RESULT = places(RESULTS);

/** Cells of one protocol: results, buckets of durations, their sum. The load has cells of its own in front of all. */
const LOAD = 5;
const BUCKETS = RESULTS.length;
const SUM = BUCKETS + BOUNDS.length + 1;
const ROW = SUM + 1;

/**
 * What probing has done and has to do, in memory that two threads see: one counts, the other reads. A reader may see a
 * probe counted in one place and not yet in another.
 */
export class ProbeCounts {
  readonly shared: SharedArrayBuffer;
  readonly #cells: Float64Array;

  constructor(shared = new SharedArrayBuffer((LOAD + CHECK_PROTOCOLS.length * ROW) * Float64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared;
    this.#cells = new Float64Array(shared);
  }

  /** @param milliseconds how long the probe took */
  probed(protocol: CheckProtocol, outcome: ProbeOutcome, milliseconds: number): void {
    const row = LOAD + PLACE_OF_PROTOCOL[protocol] * ROW;
    const seconds = milliseconds / 1000;
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket++;
    this.#add(row + PLACE_OF_RESULT[outcome.kind === 'failure' ? outcome.reason : outcome.kind], 1);
    this.#add(row + BUCKETS + bucket, 1);
    this.#add(row + SUM, seconds);
  }

  /** @param heartbeat any number that is another than the last, while probing goes on */
  report(load: ProbeLoad, heartbeat: number): void {
    this.#cells.set([load.endpoints, load.inFlight, load.waiting, load.lag, heartbeat]);
  }

  /** As last reported. */
  get load(): ProbeLoad {
    const [endpoints = 0, inFlight = 0, waiting = 0, lag = 0] = this.#cells;
    return { endpoints, inFlight, waiting, lag };
  }

  get heartbeat(): number {
    return this.#cells[LOAD - 1] as number;
  }

  /** Probes by protocol and result: `success`, `inconclusive`, or why it failed. */
  *results(): Generator<{ readonly protocol: string; readonly result: string; readonly count: number }> {
    for (const [index, protocol] of CHECK_PROTOCOLS.entries()) {
      const row = LOAD + index * ROW;
      for (const [at, result] of RESULTS.entries()) {
        const count = this.#cells[row + at] as number;
        if (count > 0) yield { protocol, result, count };
      }
    }
  }

  /** How long probes took, by protocol. */
  *durations(): Generator<HistogramCounts & { readonly protocol: string }> {
    for (const [index, protocol] of CHECK_PROTOCOLS.entries()) {
      const row = LOAD + index * ROW;
      const counts = Array.from(this.#cells.subarray(row + BUCKETS, row + SUM));
      if (counts.some((count) => count > 0)) {
        yield { protocol, bounds: BOUNDS, counts, sum: this.#cells[row + SUM] as number };
      }
    }
  }

  #add(cell: number, amount: number): void {
    this.#cells[cell] = (this.#cells[cell] as number) + amount;
  }
}
