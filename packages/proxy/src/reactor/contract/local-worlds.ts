import { PortableReactor } from '../portable/reactor.ts';
import { type UringOptions, UringReactor } from '../uring/reactor.ts';
import { withoutUring } from './available.ts';
import type { ReactorHarness, World } from './harness.ts';

/** How long a condition may take before the case has failed, in milliseconds. */
const LIMIT = 20_000;

/** A world whose reactors run in real time; `step` lets them run for a moment. */
abstract class LocalWorld<R extends UringReactor | PortableReactor> implements World {
  readonly virtual = false;
  protected readonly reactors: R[] = [];

  abstract open(buffers?: number): R;
  protected abstract step(): Promise<void>;

  async until(what: string, condition: () => boolean): Promise<void> {
    const end = performance.now() + LIMIT;
    while (!condition()) {
      if (performance.now() > end) throw new Error(`waited in vain for: ${what}`);
      await this.step();
    }
  }

  async pass(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (performance.now() < end) await this.step();
  }

  async stop(): Promise<void> {
    for (const reactor of this.reactors) await reactor.destroy();
  }
}

class UringWorld extends LocalWorld<UringReactor> {
  readonly #options: UringOptions;

  constructor(options: UringOptions) {
    super();
    this.#options = options;
  }

  open(buffers = 256): UringReactor {
    const reactor = new UringReactor({ ...this.#options, buffers });
    this.reactors.push(reactor);
    return reactor;
  }

  protected async step(): Promise<void> {
    for (const reactor of this.reactors) reactor.turn(1);
  }
}

class PortableWorld extends LocalWorld<PortableReactor> {
  open(buffers = 256): PortableReactor {
    const reactor = new PortableReactor({ buffers });
    this.reactors.push(reactor);
    return reactor;
  }

  protected step(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

export const uringHarness: ReactorHarness = { name: 'uring', skip: withoutUring, create: () => new UringWorld({}) };
export const olderUringHarness: ReactorHarness = {
  name: 'uring as on kernels before 6.17',
  skip: withoutUring,
  create: () => new UringWorld({ limitedReceives: false }),
};
export const crampedUringHarness: ReactorHarness = {
  name: 'uring with rings that are always full',
  skip: withoutUring,
  create: () => new UringWorld({ submissions: 4 }),
};
export const sparingUringHarness: ReactorHarness = {
  name: 'uring that connects with used sockets',
  skip: withoutUring,
  create: () => new UringWorld({ spareSockets: 8, limitedReceives: false }),
};
export const portableHarness: ReactorHarness = { name: 'portable', skip: false, create: () => new PortableWorld() };
