/** Something that happens at a moment of virtual time. */
export interface SimulatedEvent {
  readonly at: number;
  cancel(): void;
}

class QueuedEvent implements SimulatedEvent {
  readonly at: number;
  /** Breaks ties: events of one moment happen in the order in which they were put in. */
  readonly order: number;
  #action: (() => void) | null;

  constructor(at: number, order: number, action: () => void) {
    this.at = at;
    this.order = order;
    this.#action = action;
  }

  get cancelled(): boolean {
    return this.#action === null;
  }

  cancel(): void {
    this.#action = null;
  }

  take(): () => void {
    const action = this.#action;
    if (action === null) throw new Error('a cancelled event was taken');
    this.#action = null;
    return action;
  }

  before(other: QueuedEvent): boolean {
    return this.at < other.at || (this.at === other.at && this.order < other.order);
  }
}

/** A binary heap of events. Cancelled events stay until they surface. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = [];
  #order = 0;

  add(at: number, action: () => void): SimulatedEvent {
    const event = new QueuedEvent(at, this.#order++, action);
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event;
  }

  /** When the next event happens; Infinity when none is left. */
  get nextAt(): number {
    while (this.#heap[0]?.cancelled) this.#removeFirst();
    return this.#heap[0]?.at ?? Infinity;
  }

  /** Takes the next event out and returns what it does. Call only when `nextAt` is finite. */
  take(): () => void {
    const first = this.#heap[0];
    if (first === undefined) throw new Error('the event queue is empty');
    this.#removeFirst();
    return first.take();
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as QueuedEvent;
    if (heap.length === 0) return;
    heap[0] = last;
    this.#sink(0);
  }

  #rise(index: number): void {
    const heap = this.#heap;
    const event = heap[index] as QueuedEvent;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as QueuedEvent;
      if (!event.before(above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #sink(index: number): void {
    const heap = this.#heap;
    const event = heap[index] as QueuedEvent;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as QueuedEvent).before(heap[child] as QueuedEvent)) child++;
      const below = heap[child] as QueuedEvent;
      if (!below.before(event)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = event;
  }
}
