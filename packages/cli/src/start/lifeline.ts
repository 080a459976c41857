import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into each supervised process before its own code. Descriptor 3 is a pipe that the supervisor never writes to:
 * when it ends, the supervisor is gone, and this process ends too, in its own way if it does so in time. A byte goes the
 * other way with every beat of this process's loop: when none comes, it hangs.
 */
const LIFELINE = 3;
/** Milliseconds that a process has to end in order when its supervisor has died. */
const GRACE = 3_000;
/** Milliseconds between two beats. */
const BEAT = 1_000;

if (isMainThread) {
  const lifeline = new Socket({ fd: LIFELINE, readable: true, writable: true });
  const end = () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE).unref();
  };
  const beat = () => {
    // Bytes that a hanging supervisor does not read must not pile up here.
    if (lifeline.writableLength === 0) lifeline.write('.');
  };
  lifeline.on('error', () => {});
  lifeline.once('close', end);
  lifeline.resume();
  beat();
  setInterval(beat, BEAT).unref();
  lifeline.unref();
}
