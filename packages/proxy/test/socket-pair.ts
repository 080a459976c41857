import type { TestContext } from 'node:test';
import { close, SystemError, socketpair } from '../src/reactor/ffi/libc.ts';
import { Mapping } from '../src/reactor/ffi/mapping.ts';

const AF_UNIX = 1;
const SOCK_STREAM = 1;

/** Two connected Unix sockets, closed at the end of the test. */
export function socketPair(t: TestContext): readonly [number, number] {
  const page = Mapping.anonymous(4096);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, page.address) !== 0) throw new SystemError('socketpair');
  const [one = -1, other = -1] = new Int32Array(page.bytes, 0, 2);
  t.after(() => {
    close(one);
    close(other);
  });
  return [one, other];
}
