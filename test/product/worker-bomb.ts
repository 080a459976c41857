/** A listener with this name makes a traffic worker throw. */
export const BOMB = 'bomb';

/** A listener with this name makes a traffic worker hang. */
export const TRAP = 'trap';

/**
 * Code for `--import`: in the first traffic worker of a process, the call that takes in the next message throws, or never
 * comes back, when the message is about a listener with a name above, on either reactor. The worker that replaces it is not the first.
 */
const CODE = `
  import threads from 'node:worker_threads';
  import { syncBuiltinESMExports } from 'node:module';
  const explode = (message) => {
    if (message.listeners?.some(({ planned }) => planned?.name === '${BOMB}')) throw new Error('boom');
    if (message.listeners?.some(({ planned }) => planned?.name === '${TRAP}')) for (;;);
  };
  if (threads.threadId === 1) {
    const receive = threads.receiveMessageOnPort;
    threads.receiveMessageOnPort = (port) => {
      const received = receive(port);
      if (received !== undefined) explode(received.message);
      return received;
    };
    syncBuiltinESMExports();
    const { parentPort } = threads;
    const listen = parentPort.on.bind(parentPort);
    parentPort.on = (event, handle) => listen(event, (message) => {
      explode(message);
      handle(message);
    });
  }`;

export const bombEnvironment = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(CODE)}` };
