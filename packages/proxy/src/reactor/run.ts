import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { LocalReactor } from './choose.ts';
import type { PortableReactor } from './portable/reactor.ts';
import type { UringReactor } from './uring/reactor.ts';

/**
 * A thread in a system call hears of nothing, not of its own termination either, and the process cannot exit before it
 * has ended. So an idle one looks up this often, in milliseconds.
 */
const LONGEST_WAIT = 250;

/**
 * Runs a reactor on this thread until its `stop` is called, then aborts what is still open and frees it. `onMessage` is
 * called on this thread, between the reactor's callbacks, for each message that arrives at `port`.
 *
 * The uring reactor blocks the thread: the call returns when it has stopped, and Node's own event loop does not run
 * before that. Whoever posts to `port` wakes it with `Wake.signal`. When a callback throws, every socket is closed and
 * the promise rejects (uring), or the thread dies with an uncaught exception (portable).
 */
export async function run<Message>(
  reactor: LocalReactor,
  port: MessagePort,
  onMessage: (message: Message) => void,
): Promise<void> {
  if (reactor.name === 'uring') runUring(reactor, port, onMessage);
  else await runPortable(reactor, port, onMessage);
}

function runUring<Message>(reactor: UringReactor, port: MessagePort, onMessage: (message: Message) => void): void {
  const drain = (): void => {
    for (let next = receiveMessageOnPort(port); next && !reactor.stopped; next = receiveMessageOnPort(port)) {
      onMessage(next.message as Message);
    }
  };
  reactor.onWake = drain;
  try {
    drain();
    while (!reactor.stopped) reactor.turn(LONGEST_WAIT);
    reactor.destroy();
  } catch (error) {
    reactor.destroy(true);
    throw error;
  }
}

async function runPortable<Message>(
  reactor: PortableReactor,
  port: MessagePort,
  onMessage: (message: Message) => void,
): Promise<void> {
  port.on('message', onMessage);
  await reactor.stopped;
  port.off('message', onMessage);
  await reactor.destroy();
}
