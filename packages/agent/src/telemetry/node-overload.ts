import type { ProxyEngine } from '@evenkeel/proxy/engine/engine.ts';
import type { Logger } from 'pino';

/** What the workers of this node are out of, for the control plane and, when it changes, for the log. */
export class NodeOverload {
  readonly #engine: Pick<ProxyEngine, 'workerCounters'>;
  readonly #log: Logger;
  #last = '';

  constructor(engine: Pick<ProxyEngine, 'workerCounters'>, log: Logger) {
    this.#engine = engine;
    this.#log = log;
  }

  /** To be asked now and then. */
  read(): string[] {
    const overload = [...new Set(this.#engine.workerCounters().flatMap((worker) => worker.overload))].sort();
    const words = overload.join(', ');
    if (words !== this.#last) {
      if (words === '') this.#log.info('workers take all new work again');
      else this.#log.warn({ overload }, 'workers turn new work away');
      this.#last = words;
    }
    return overload;
  }
}
