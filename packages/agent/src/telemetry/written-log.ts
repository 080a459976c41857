import type { EventEmitter } from 'node:events';

/** A log that writes asynchronously, and says `drain` when all is written. */
type AsynchronousLog = EventEmitter & { write(text: string): unknown };

/**
 * Resolves when all that has been logged is written, or cannot be; after `most` milliseconds in any case, as whoever reads
 * may be slow. A process that ends at once takes along what is being written, which no synchronous flush can get hold of.
 */
export function written(log: AsynchronousLog, most: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, most);
  log.once('drain', resolve).once('error', resolve);
  // Where nothing is under way nothing would drain; `flush` does not wait where lines are written as they come.
  log.write('');
  return promise.finally(() => {
    clearTimeout(timer);
    log.off('drain', resolve).off('error', resolve);
  });
}
