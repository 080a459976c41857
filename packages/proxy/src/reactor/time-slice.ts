import { readdirSync } from 'node:fs';
import { arch } from 'node:os';

/** Without koffi, threads are scheduled as the system does it by itself. */
const ffi = await Promise.all([import('./ffi/libc.ts'), import('./ffi/mapping.ts')]).catch(() => null);

/** Numbers of sched_setattr and sched_getattr, which the C library does not know. */
const CALLS: Readonly<Record<string, readonly [number, number]>> = { x64: [314, 315], arm64: [274, 275] };

/** struct sched_attr as of its first version: size, policy, flags (8 bytes), nice, priority, then runtime. */
const ATTRIBUTES_SIZE = 48;
const RUNTIME = 24;

const SCHED_OTHER = 0;

/**
 * Asks the scheduler to give this thread its processor in slices of this many microseconds (100 to 100,000). A thread
 * with a shorter slice than the one that runs takes its turn as soon as it wakes, and gets no more of the processor than
 * before: the thread that carries traffic does not wait milliseconds for one that compiles, collects garbage or writes
 * logs. Since Linux 6.12; earlier ones, and other policies than the usual one, are left as they are. Returns whether the
 * scheduler has taken it.
 */
export function takeTimeSlice(microseconds: number): boolean {
  return setTimeSlice(microseconds, 0);
}

/**
 * The same for all threads that this process has now, and those that they make later unless they ask for themselves: for
 * none of them does a worker wait longer, also on a core that is never idle. Returns how many have taken it.
 */
export function limitTimeSlices(microseconds: number): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc/self/task').filter((thread) => setTimeSlice(microseconds, Number(thread))).length;
}

/** `thread`: its number; 0: the calling one. One that has ended meanwhile takes nothing. */
function setTimeSlice(microseconds: number, thread: number): boolean {
  const calls = CALLS[arch()];
  if (ffi === null || calls === undefined || process.platform !== 'linux') return false;
  const [{ syscall }, { Mapping }] = ffi;
  const [set, get] = calls;
  const memory = Mapping.anonymous(4096);
  const view = new DataView(memory.bytes);
  const read = () => syscall(get, thread, memory.address, ATTRIBUTES_SIZE, 0, 0, 0) === 0;
  try {
    if (!read() || view.getUint32(4, true) !== SCHED_OTHER) return false;
    const wanted = BigInt(microseconds) * 1000n;
    view.setBigUint64(RUNTIME, wanted, true);
    return (
      syscall(set, thread, memory.address, 0, 0, 0, 0) === 0 && read() && view.getBigUint64(RUNTIME, true) === wanted
    );
  } finally {
    memory.unmap();
  }
}
