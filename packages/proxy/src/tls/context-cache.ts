import type { ServerContext } from './server-context.ts';

/** Contexts that are kept: about 40 KB each. Beyond it the one that was not used for the longest time is built anew. */
export const MAX_CONTEXTS = 1_000;

/** The contexts of all listeners of one worker that were used last, by listener and certificates. */
export class ContextCache {
  /** In the order in which they were used. */
  readonly #contexts = new Map<string, ServerContext>();
  readonly #capacity: number;

  constructor(capacity = MAX_CONTEXTS) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#contexts.size;
  }

  get(key: string): ServerContext | undefined {
    const context = this.#contexts.get(key);
    if (context === undefined) return undefined;
    this.#contexts.delete(key);
    this.#contexts.set(key, context);
    return context;
  }

  set(key: string, context: ServerContext): void {
    this.#contexts.set(key, context);
    if (this.#contexts.size <= this.#capacity) return;
    for (const [oldest] of this.#contexts) {
      this.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#contexts.get(key)?.free();
    this.#contexts.delete(key);
  }

  /** Forgets all contexts whose key begins so. */
  deleteAll(prefix: string): void {
    for (const key of this.#contexts.keys()) if (key.startsWith(prefix)) this.delete(key);
  }
}
