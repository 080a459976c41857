import { NO_BUFFER } from '../arena.ts';
import { CountedArena } from '../counted-arena.ts';

/** An arena in ordinary memory that tells when a buffer has become free. */
export class PortableArena extends CountedArena {
  /** Set while somebody waits for buffers. */
  onRelease: (() => void) | null = null;

  override release(buffer: number): void {
    super.release(buffer);
    if (this.onRelease !== null) this.onRelease();
  }

  /** A buffer to receive into, or `NO_BUFFER` when the arena is down to the eighth that is left for senders. */
  acquireToReceive(): number {
    return this.hasRoom ? this.acquire() : NO_BUFFER;
  }

  get hasRoom(): boolean {
    return this.available > this.capacity >> 3;
  }
}
