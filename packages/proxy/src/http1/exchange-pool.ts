import type { Unsettled } from '../reactor/reactor.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { OpenExchange } from './open-exchange.ts';
import { TargetAnswers } from './target-answers.ts';

/** Exchanges that wait for a request, at most; beyond it, they are left to the garbage collector. */
const MOST = 256;

/**
 * The exchanges of a worker that no request is using. The one that was given back last is taken first: what many
 * connections need while they have a request under way is the same memory over and over, in the processor's caches, and a
 * connection that waits for its next request holds none of it.
 */
export class ExchangePool implements Unsettled {
  /** Nobody's, and never active: what a connection is at between its requests. */
  readonly none: OpenExchange;
  readonly #worker: WorkerContext;
  readonly #free: OpenExchange[] = [];
  /** Given back in this turn: the first so many. The array keeps its size. */
  readonly #over: (OpenExchange | null)[] = [];
  #count = 0;

  constructor(worker: WorkerContext) {
    this.#worker = worker;
    this.none = this.#make();
  }

  take(): OpenExchange {
    return this.#free.pop() ?? this.#make();
  }

  /**
   * Gives an exchange back that has ended. Nobody has it before the turn is over: whoever made it end may still be asking
   * it how. Throws when something of its request is left, as that would reach another client, and for nobody's exchange,
   * which all connections would be at that wait.
   */
  give(exchange: OpenExchange): void {
    if (exchange === this.none || exchange.active || !exchange.target.isFree) {
      throw new Error('an exchange was given back before its end');
    }
    if (this.#count === 0) this.#worker.reactor.unsettle(this);
    this.#over[this.#count++] = exchange;
  }

  /** The turn is over. */
  settle(): void {
    const over = this.#over;
    const free = this.#free;
    for (let i = 0; i < this.#count; i++) {
      const exchange = over[i]!;
      over[i] = null;
      if (free.length === MOST) continue;
      exchange.forget();
      free.push(exchange);
    }
    this.#count = 0;
  }

  #make(): OpenExchange {
    return new TargetAnswers(this.#worker).exchange;
  }
}
