/**
 * Listeners on their way out of the kernel: packets to them are balanced until routers have heard that their VIPs go, and
 * nothing else waits for that. One may come back meanwhile, and leave again.
 */
export class Departures {
  /** By listener, which departure takes it. */
  readonly #leaving = new Map<string, object>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  has(id: string): boolean {
    return this.#leaving.has(id);
  }

  /** It stays. */
  cancel(id: string): void {
    this.#leaving.delete(id);
  }

  /** All of them stay for whoever has the kernel next. */
  cancelAll(): void {
    this.#leaving.clear();
  }

  /** Once `heard` resolves, `leave` is asked to take out one after the other; `isGoing` says whether it is to be yet. */
  begin(ids: Iterable<string>, heard: Promise<void>, leave: (isGoing: (id: string) => boolean) => Promise<void>): void {
    const departure = {};
    for (const id of ids) this.#leaving.set(id, departure);
    const isGoing = (id: string) => this.#leaving.get(id) === departure;
    const done = heard
      .then(async () => {
        if ([...this.#leaving.values()].includes(departure)) await leave(isGoing);
      })
      .catch(this.#failed)
      .finally(() => {
        for (const id of [...this.#leaving.keys()].filter(isGoing)) this.#leaving.delete(id);
        this.#underWay.delete(done);
      });
    this.#underWay.add(done);
  }

  /** Resolves when nothing is under way that has begun by now. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
