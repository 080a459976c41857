/** The C library, where the platform has one that we can call. */
const libc = await import('./ffi/libc.ts').catch(() => null);

const EFD_CLOEXEC = 0o2000000;

/**
 * Wakes a thread that is blocked in its reactor: an eventfd. Whoever posts messages to the thread makes one, gives
 * `descriptor` to the reactor (`ReactorOptions.wakeDescriptor`) and calls `signal` after every `postMessage`. A signal
 * is never lost: it stays until the reactor reads it.
 */
export class Wake {
  /** -1 where there is no eventfd: only the portable reactor runs there, and messages alone reach it. */
  readonly descriptor: number = libc?.eventfd(0, EFD_CLOEXEC) ?? -1;
  #open = this.descriptor >= 0;

  signal(): void {
    if (this.#open) libc?.eventfdWrite(this.descriptor, 1);
  }

  /** Only after the thread has ended. */
  close(): void {
    if (this.#open) libc?.close(this.descriptor);
    this.#open = false;
  }
}
