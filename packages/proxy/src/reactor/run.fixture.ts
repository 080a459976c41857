import { parentPort, workerData } from 'node:worker_threads';
import { createReactor, type ReactorChoice } from './choose.ts';
import type { ConnectionHandler, ListenerHandler } from './reactor.ts';
import { run } from './run.ts';

/** The worker of run.test.ts: echoes connections and answers messages. */
const { choice, wakeDescriptor } = workerData as { choice: ReactorChoice; wakeDescriptor: number };
if (parentPort === null) throw new Error('this is a worker');
const port = parentPort;
const { reactor, stop } = createReactor(choice, { wakeDescriptor, buffers: 64 });

const echo: ConnectionHandler = {
  onConnected: () => {},
  onReceive: (connection, buffer, start, end) => connection.send(buffer, start, end),
  onSent: () => {},
  onEnd: (connection) => connection.end(),
  onDeadline: () => {},
  onClosed: () => {},
};

const listener: ListenerHandler = {
  onListening: (socket) => port.postMessage({ port: socket.endpoint.port, name: reactor.name }),
  onAccept: (connection) => {
    connection.handler = echo;
  },
  onFailed: (_socket, error) => {
    throw new Error(error.message);
  },
};

reactor.listen({ address: '127.0.0.1', port: 0, backlog: 16, reusePort: false }, listener);

await run<string>(reactor, port, (message) => {
  if (message === 'throw') throw new Error('on purpose');
  if (message === 'stop') stop();
  else port.postMessage(`heard ${message}`);
});
