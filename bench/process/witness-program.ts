import { openSync } from 'node:fs';
import { syscall } from '@evenkeel/proxy/reactor/ffi/libc.ts';
import { Mapping } from '@evenkeel/proxy/reactor/ffi/mapping.ts';
import { takeTimeSlice } from '@evenkeel/proxy/reactor/time-slice.ts';

/**
 * Sleeps a moment again and again, and notes when the clock woke it late:
 *
 *   chrt --fifo 1 taskset -c <core> node bench/process/witness-program.ts <seconds> [<pid> ...]
 *
 * The clock's interrupt is late when the hypervisor has taken the core, and hardly ever else. What the program then waited
 * for its turn, because others ran or the kernel worked for them, and what it ran itself, is told by the kernel (the first
 * two figures of schedstat) and left out: a balancer that keeps the core to itself gets no excuse of it. The priority is
 * for the accuracy alone, since nobody watches the clock while the witness waits for its turn.
 *
 * The processes that are named are watched too: what one of them has run is a pause as well.
 *
 * At the end it writes one line of JSON: from when to when it looked, and each pause as the moment since which it lasted
 * and how long, in milliseconds since the kernel was started.
 */
/** Nanoseconds. Short, as a pause that is over before the sleep goes unseen; the witness takes 2 % of the core at that. */
const SLEEP = 250_000;
/** Milliseconds by which the clock may be late: for ordinary threads it is by 0.05. */
const LATE = 0.2;
/** Milliseconds that one who is watched may have run: it takes turns with others, so its time comes in small pieces. */
const RAN = 0.02;
const CALLS: Readonly<Record<string, { readonly sleep: number; readonly read: number }>> = {
  x64: { sleep: 230, read: 17 },
  arm64: { sleep: 115, read: 67 },
};
const CLOCK_MONOTONIC = 1;
/** Microseconds. */
const TIME_SLICE = 100;
/** In one measurement; there were 500 a second at the worst so far. */
const MOST = 1e5;
const SPACE = 0x20;
const ZERO = 0x30;
const STATISTICS_SIZE = 128;

const calls = CALLS[process.arch];
if (calls === undefined) throw new Error(`the witness does not know how to sleep on ${process.arch}`);
takeTimeSlice(TIME_SLICE);
const timespec = Mapping.anonymous(4096);
new BigInt64Array(timespec.bytes)[1] = BigInt(SLEEP);
const own = openSync('/proc/self/schedstat', 'r');
const watched = process.argv.slice(3).map((pid) => openSync(`/proc/${pid}/schedstat`, 'r'));
const read = Mapping.anonymous(4096);
const text = new Uint8Array(read.bytes);
// Allocated once: the collector must not be what is late.
const since = new Float64Array(MOST);
const lengths = new Float64Array(MOST);
let pauses = 0;
let accountedBefore = accounted();
let ranBefore = ranOf();
const begin = performance.now();
const end = begin + Number(process.argv[2]) * 1_000;
let last = begin;
while (last < end && pauses < MOST - 1) {
  syscall(calls.sleep, CLOCK_MONOTONIC, 0, timespec.address, 0, 0, 0);
  const now = performance.now();
  const accountedNow = accounted();
  const due = last + SLEEP / 1e6;
  const late = now - due - (accountedNow - accountedBefore);
  accountedBefore = accountedNow;
  if (late > LATE) {
    since[pauses] = due;
    lengths[pauses++] = late;
  }
  if (watched.length > 0) {
    const ranNow = ranOf();
    if (ranNow - ranBefore > RAN) {
      since[pauses] = last;
      lengths[pauses++] = ranNow - ranBefore;
    }
    ranBefore = ranNow;
  }
  last = now;
}
const [seconds, nanoseconds] = process.hrtime();
const epoch = seconds * 1e3 + nanoseconds / 1e6 - performance.now();
const told = Array.from({ length: pauses }, (_, pause) => ({ at: epoch + since[pause]!, length: lengths[pause]! }));
console.log(JSON.stringify({ begin: epoch + begin, end: epoch + last, pauses: told }));

/** Milliseconds that this thread has run, or waited for its turn while it could have run, so far. */
function accounted(): number {
  readStatistics(own);
  return (figureAt(0) + figureAt(text.indexOf(SPACE) + 1)) / 1e6;
}

/** Milliseconds that those have run who are watched, so far. */
function ranOf(): number {
  let ran = 0;
  for (const descriptor of watched) {
    readStatistics(descriptor);
    ran += figureAt(0);
  }
  return ran / 1e6;
}

function readStatistics(descriptor: number): void {
  syscall(calls!.read, descriptor, read.address, STATISTICS_SIZE, 0, 0, 0);
}

function figureAt(start: number): number {
  let figure = 0;
  for (let at = start; text[at] !== SPACE; at++) figure = figure * 10 + text[at]! - ZERO;
  return figure;
}
