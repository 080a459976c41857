import { readdirSync, readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** Without koffi, threads are scheduled as the system does it by itself. */
const ffi = await Promise.all([import('./ffi/libc.ts'), import('./ffi/mapping.ts')]).catch(() => null);

/** Numbers of sched_setattr and sched_getattr, which the C library does not know. */
const CALLS: Readonly<Record<string, readonly [number, number]>> = { x64: [314, 315], arm64: [274, 275] };

/** struct sched_attr as of its first version: size, policy, flags (8 bytes), nice, priority, then runtime. */
const ATTRIBUTES_SIZE = 48;
const NICE = 16;
const RUNTIME = 24;

/** What Node calls the threads of V8's pool, before or behind a prefix. */
const POOL_THREAD = 'V8Worker';

/** A tenth of the processor's time where others want it; all of it where nobody does. */
const GIVING_WAY = 10;

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

/**
 * Has the threads on which V8 compiles and marks garbage beside the program give way to all others. A slice that is over
 * is noticed by the clock tick, every 4 ms with 250 ticks a second: as long a worker that such a thread has displaced
 * waits, however short the slice. With a lower weight they seldom displace one that is busy. Young objects are collected
 * without them, so that nobody waits for a thread that gives way; that takes half a millisecond. Returns how many threads
 * give way; they cannot be told otherwise again without privileges.
 */
export function engineThreadsGiveWay(): number {
  if (process.platform !== 'linux') return 0;
  setFlagsFromString('--no-parallel-scavenge');
  return readdirSync('/proc/self/task').filter(
    (thread) => nameOf(thread).includes(POOL_THREAD) && change(Number(thread), giveWay),
  ).length;
}

function nameOf(thread: string): string {
  try {
    return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

function giveWay(attributes: DataView): void {
  attributes.setInt32(NICE, Math.max(attributes.getInt32(NICE, true), GIVING_WAY), true);
}

function setTimeSlice(microseconds: number, thread: number): boolean {
  const wanted = BigInt(microseconds) * 1000n;
  return change(
    thread,
    (attributes) => attributes.setBigUint64(RUNTIME, wanted, true),
    (attributes) => attributes.getBigUint64(RUNTIME, true) === wanted,
  );
}

/**
 * Changes how a thread is scheduled; `thread`: its number; 0: the calling one. One that has ended meanwhile takes nothing.
 * Returns whether the system has taken it: `isTaken` is asked about what it says afterwards.
 */
function change(
  thread: number,
  write: (attributes: DataView) => void,
  isTaken: (attributes: DataView) => boolean = () => true,
): boolean {
  const calls = CALLS[arch()];
  if (ffi === null || calls === undefined || process.platform !== 'linux') return false;
  const [{ syscall }, { Mapping }] = ffi;
  const [set, get] = calls;
  const memory = Mapping.anonymous(4096);
  const attributes = new DataView(memory.bytes);
  const read = () => syscall(get, thread, memory.address, ATTRIBUTES_SIZE, 0, 0, 0) === 0;
  try {
    if (!read() || attributes.getUint32(4, true) !== SCHED_OTHER) return false;
    write(attributes);
    return syscall(set, thread, memory.address, 0, 0, 0, 0) === 0 && read() && isTaken(attributes);
  } finally {
    memory.unmap();
  }
}
