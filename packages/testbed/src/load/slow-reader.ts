import { connect, type Socket } from 'node:net';

export interface SlowReader {
  /** Bytes read so far, the head of the answer included. */
  readonly bytes: number;
  /** null while the answer goes on; else why it ended. */
  readonly ended: string | null;
  close(): void;
}

export interface SlowReaderOptions {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly bytesPerSecond: number;
}

/** A download that is read at a steady rate: the socket is left unread whenever it is ahead of its time. */
export function readSlowly(options: SlowReaderOptions): SlowReader {
  const { address: host, port, path, bytesPerSecond } = options;
  let bytes = 0;
  let ended: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const start = performance.now();
  const socket: Socket = connect({ host, port });
  socket.once('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`));
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    const ahead = (bytes / bytesPerSecond) * 1000 - (performance.now() - start);
    if (ahead <= 0) return;
    socket.pause();
    timer = setTimeout(() => socket.resume(), ahead);
  });
  socket.once('error', (error) => {
    ended ??= error.message;
  });
  socket.once('close', () => {
    clearTimeout(timer);
    ended ??= 'the connection was closed';
  });
  return {
    get bytes() {
      return bytes;
    },
    get ended() {
      return ended;
    },
    close() {
      ended ??= 'closed by the reader';
      socket.destroy();
    },
  };
}
