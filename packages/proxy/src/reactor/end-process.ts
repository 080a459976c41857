/** The C library, where the platform has one that we can call. */
const libc = await import('./ffi/libc.ts').catch(() => null);

/**
 * Ends this process now, whatever its other threads are doing. `process.exit` interrupts those first and waits for them: a
 * thread that the kernel keeps would keep the process too, and one that is interrupted while it loads modules or is in native
 * code can make Node abort instead. Compiled code is kept for the next start; nothing else is written.
 */
export function endProcess(code: number): never {
  process.getBuiltinModule('node:module').flushCompileCache();
  libc?.exitAtOnce(code);
  process.exit(code);
}
