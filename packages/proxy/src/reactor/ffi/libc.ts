import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

/**
 * The C library of this process. Addresses are plain numbers (user space has 47 bits of them), which is also the
 * cheapest way through koffi: a call with integers costs about 50 ns plus the system call. This is the only module of
 * the reactors that knows koffi.
 */
const library = koffi.load(null);

/** syscall(2): -1 on failure, see `lastError`. Arguments are integers or addresses. */
export const syscall: (number: number, a: number, b: number, c: number, d: number, e: number, f: number) => number =
  library.func('int syscall(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)');

/** These three have the same numbers on every architecture that Node runs on. */
export const SYS_IO_URING_SETUP = 425;
export const SYS_IO_URING_ENTER = 426;
export const SYS_IO_URING_REGISTER = 427;

export const mmap: (
  address: number,
  size: number,
  protection: number,
  flags: number,
  descriptor: number,
  offset: number,
) => number = library.func('int64_t mmap(int64_t, size_t, int, int, int, int64_t)');
export const munmap: (address: number, size: number) => number = library.func('int munmap(int64_t, size_t)');
export const madvise: (address: number, size: number, advice: number) => number = library.func(
  'int madvise(int64_t, size_t, int)',
);

export const socket: (family: number, type: number, protocol: number) => number =
  library.func('int socket(int, int, int)');
export const bind: (descriptor: number, address: number, size: number) => number = library.func(
  'int bind(int, int64_t, uint32_t)',
);
export const listen: (descriptor: number, backlog: number) => number = library.func('int listen(int, int)');
export const shutdown: (descriptor: number, how: number) => number = library.func('int shutdown(int, int)');
export const close: (descriptor: number) => number = library.func('int close(int)');
export const setsockopt: (descriptor: number, level: number, name: number, value: number, size: number) => number =
  library.func('int setsockopt(int, int, int, int64_t, uint32_t)');
export const getsockopt: (descriptor: number, level: number, name: number, value: number, size: number) => number =
  library.func('int getsockopt(int, int, int, int64_t, int64_t)');
export const fcntl: (descriptor: number, command: number, argument: number) => number =
  library.func('int fcntl(int, int, int)');
export const socketpair: (family: number, type: number, protocol: number, descriptors: number) => number = library.func(
  'int socketpair(int, int, int, int64_t)',
);
export const sendmsg: (descriptor: number, message: number, flags: number) => number = library.func(
  'int64_t sendmsg(int, int64_t, int)',
);
export const recvmsg: (descriptor: number, message: number, flags: number) => number = library.func(
  'int64_t recvmsg(int, int64_t, int)',
);
export const connect: (descriptor: number, address: number, size: number) => number = library.func(
  'int connect(int, int64_t, uint32_t)',
);
export const recvfrom: (
  descriptor: number,
  memory: number,
  size: number,
  flags: number,
  address: number,
  addressSize: number,
) => number = library.func('int64_t recvfrom(int, int64_t, size_t, int, int64_t, int64_t)');
export const sendto: (
  descriptor: number,
  memory: number,
  size: number,
  flags: number,
  address: number,
  addressSize: number,
) => number = library.func('int64_t sendto(int, int64_t, size_t, int, int64_t, uint32_t)');
export const getsockname: (descriptor: number, address: number, size: number) => number = library.func(
  'int getsockname(int, int64_t, int64_t)',
);
export const getpeername: (descriptor: number, address: number, size: number) => number = library.func(
  'int getpeername(int, int64_t, int64_t)',
);
export const eventfd: (value: number, flags: number) => number = library.func('int eventfd(uint32_t, int)');
export const eventfdWrite: (descriptor: number, value: number) => number = library.func(
  'int eventfd_write(int, uint64_t)',
);
export const inetPton: (family: number, text: string, address: number) => number = library.func(
  'int inet_pton(int, const char *, int64_t)',
);

/** _exit(2): nothing of the process runs any more, not what is registered for its end either. */
export const exitAtOnce: (code: number) => void = library.func('void _exit(int)');

/** Memory at an address as an ArrayBuffer, without copying. */
export function viewMemory(address: number, size: number): ArrayBuffer {
  return koffi.view(address, size);
}

/** errno of this thread; read it right after the call that failed. */
export function lastError(): number {
  return koffi.errno();
}

/** The system's name of an error number, such as EADDRINUSE. */
export function errorName(errno: number): string {
  return getSystemErrorName(-errno);
}

/** A call that should have worked did not. */
export class SystemError extends Error {
  readonly code: string;
  readonly errno: number;

  constructor(call: string, errno: number = lastError()) {
    const code = errorName(errno);
    super(`${call} failed: ${code}`);
    this.name = 'SystemError';
    this.code = code;
    this.errno = errno;
  }
}
