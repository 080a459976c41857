import { Latencies } from './latencies.ts';

/** What became of one kind of client during one phase. */
export interface Report {
  /** Answers as they should be, or echoes. */
  readonly answered: number;
  /** Everything else that became of a request, or of an attempt to connect, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** Connections that the other side closed without having said so in an answer. */
  readonly closed: number;
  /** Connections that the other side closed after `Connection: close`. */
  readonly retired: number;
  /** Sticky sessions that met another target than before. */
  readonly moved: number;
  /** Milliseconds from sending a request to its last byte. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
}

/** By the name of the kind of client. */
export type Reports = Readonly<Record<string, Report>>;

/** More kinds of failure than this are counted together, so that a storm of them stays readable. */
const MOST_KINDS = 20;

/** Counts for one kind of client and one phase. */
export class Tally {
  closed = 0;
  retired = 0;
  moved = 0;
  readonly #latencies = new Latencies();
  readonly #failures = new Map<string, number>();
  #slowest = 0;

  answered(milliseconds: number): void {
    this.#latencies.add(milliseconds);
    this.#slowest = Math.max(this.#slowest, milliseconds);
  }

  failed(how: string): void {
    const kind = this.#failures.has(how) || this.#failures.size < MOST_KINDS ? how : 'others';
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
  }

  report(): Report {
    return {
      answered: this.#latencies.count,
      failures: Object.fromEntries(this.#failures),
      closed: this.closed,
      retired: this.retired,
      moved: this.moved,
      p50: this.#latencies.quantile(0.5),
      p99: this.#latencies.quantile(0.99),
      slowest: this.#slowest,
    };
  }
}
