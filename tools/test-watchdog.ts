import { isMainThread } from 'node:worker_threads';

/** Loaded into every process of a test file: one that has nothing left to do, but does not end, must not hang the run. */
const LONGEST = Number(process.env.EVENKEEL_TEST_FILE_TIMEOUT ?? 300_000);

if (isMainThread) {
  const timer = setTimeout(() => {
    const left = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`${process.argv[1]} has not ended within ${LONGEST / 1000} s; open: ${left}\n`);
    process.exit(1);
  }, LONGEST);
  timer.unref();
}
