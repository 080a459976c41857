import { LineMemory } from '../limits/bandwidth/line-memory.ts';
import { SendPacer } from '../limits/bandwidth/send-pacer.ts';
import type { WorkerContext } from './context.ts';
import type { Listener } from './listener.ts';

interface Known {
  readonly pacer: SendPacer;
  readonly listeners: Set<Listener>;
}

/** What load balancers may send, on one worker: each has one pacer for all its listeners. */
export class Pacers {
  readonly #worker: WorkerContext;
  readonly #index: number;
  readonly #memory: LineMemory;
  readonly #byLoadBalancer = new Map<string, Known>();

  /** `index`: which worker this is. */
  constructor(worker: WorkerContext, index: number) {
    this.#worker = worker;
    this.#index = index;
    this.#memory = new LineMemory(worker.reactor.arena.capacity);
  }

  /** The listener is new, or its plan has changed; `memory`: what the workers share, if there is a limit. */
  set(listener: Listener, memory: Int32Array | null): void {
    const { loadBalancerId, bandwidth } = listener.planned;
    let known = this.#byLoadBalancer.get(loadBalancerId);
    if (known === undefined) {
      const { reactor, sharedClockOffset } = this.#worker;
      const pacer = new SendPacer(reactor, sharedClockOffset, this.#index, this.#memory);
      known = { pacer, listeners: new Set() };
      this.#byLoadBalancer.set(loadBalancerId, known);
    }
    known.listeners.add(listener);
    known.pacer.follow(bandwidth ?? null, memory);
    listener.pacer = known.pacer;
  }

  /** The listener goes; connections that it has left keep to what they have begun with. */
  forget(listener: Listener): void {
    const { loadBalancerId } = listener.planned;
    const known = this.#byLoadBalancer.get(loadBalancerId);
    known?.listeners.delete(listener);
    if (known?.listeners.size === 0) this.#byLoadBalancer.delete(loadBalancerId);
  }
}
