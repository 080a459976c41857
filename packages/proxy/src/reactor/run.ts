import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { LocalReactor } from './choose.ts';

/** What `runReactor` gives to handlers of messages. */
export interface Running {
  /** Ends the loop after the callback that calls this; connections that are still open are aborted. */
  stop(): void;
}

/**
 * Runs a reactor on this thread until `stop` is called, and frees it. `onMessage` is called on this thread, between the
 * reactor's callbacks, for each message that arrives at `port`.
 *
 * The uring reactor blocks the thread: Node's own event loop does not run until the returned promise is settled. Whoever
 * posts to `port` wakes it with `Wake.signal`. When a callback throws, everything is given up and the promise rejects
 * (uring), or the thread dies with an uncaught exception (portable).
 */
export async function runReactor<Message>(
  reactor: LocalReactor,
  port: MessagePort,
  onMessage: (message: Message, running: Running) => void,
): Promise<void> {
  if (reactor.name === 'portable') {
    await new Promise<void>((resolve) => {
      port.on('message', (message: Message) => onMessage(message, { stop: resolve }));
    });
    await reactor.destroy();
    return;
  }
  let stopped = false;
  const running: Running = {
    stop: () => {
      stopped = true;
    },
  };
  const drain = (): void => {
    for (let next = receiveMessageOnPort(port); next && !stopped; next = receiveMessageOnPort(port)) {
      onMessage(next.message as Message, running);
    }
  };
  try {
    reactor.onWake = drain;
    drain();
    while (!stopped) reactor.turn(Infinity);
  } catch (error) {
    reactor.destroy(true);
    throw error;
  }
  reactor.destroy();
}
