import type { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/**
 * Keeps a socket that cannot be written to any more from being destroyed by Node: what the peer said before it went, such
 * as an early answer to an upload, is still to be read. A write that fails is told to `failed`, and only then reported to
 * the stream, as if it had succeeded.
 */
export function surviveFailedWrites(socket: Socket, failed: (error: NodeJS.ErrnoException) => void): void {
  const { _write: write, _writev: writeAll } = socket;
  const survive = (done: Done): Done => {
    return (error) => {
      if (error) failed(error);
      done();
    };
  };
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, survive(done));
  socket._writev = (chunks, done) => writeAll?.call(socket, chunks, survive(done));
}
