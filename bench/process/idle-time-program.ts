import { openSync, writeSync } from 'node:fs';

/**
 * Takes all the time of a core that nobody else wants, and writes down how much it did not get:
 *
 *   chrt --idle 0 taskset -c <core> node bench/process/idle-time-program.ts <file>
 *
 * keeps one line in the file: the time and the time lost so far, both in milliseconds. What is lost went to anything at
 * all: processes, interrupts, the kernel's work for the network, whomever the kernel charges it to.
 */
const REPORT_MILLISECONDS = 100;
/** A look at the clock takes a tenth of this, and the shortest interrupt longer. */
const LOST_MILLISECONDS = 0.001;

const file = openSync(process.argv[2]!, 'w');
let lost = 0;
let last = performance.now();
for (let report = last; ; ) {
  const now = performance.now();
  if (now - last > LOST_MILLISECONDS) lost += now - last;
  last = now;
  if (now < report) continue;
  // One length, so that a reader never sees the end of an older line.
  writeSync(file, `${now.toFixed(3).padStart(20)} ${lost.toFixed(3).padStart(20)}\n`, 0);
  report = now + REPORT_MILLISECONDS;
  last = performance.now();
}
