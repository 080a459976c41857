import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into each supervised process before its own code. Descriptor 3 is a pipe that the supervisor never writes to:
 * when it ends, the supervisor is gone, and this process ends too, in its own way if it does so in time.
 */
const LIFELINE = 3;
/** Milliseconds that a process has to end in order when its supervisor has died. */
const GRACE = 3_000;

if (isMainThread) {
  const lifeline = new Socket({ fd: LIFELINE, readable: true, writable: false });
  const end = () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE).unref();
  };
  lifeline.on('error', () => {});
  lifeline.once('close', end);
  lifeline.resume();
  lifeline.unref();
}
