import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { SystemError } from '../ffi/libc.ts';
import { type UringOptions, UringReactor } from './reactor.ts';

/** The oldest kernel with everything that this reactor uses (IORING_SETUP_DEFER_TASKRUN). */
const OLDEST = [6, 1] as const;

/** Opens the reactor, or throws an Error that says what to do about it. */
export function openUringReactor(options: UringOptions): { reactor: UringReactor; kernel: string } {
  const kernel = release();
  if (process.platform !== 'linux') throw new Error(`io_uring is of Linux, this is ${process.platform}`);
  if (!isRecent(kernel)) throw new Error(`it needs Linux ${OLDEST.join('.')} or later, this is ${kernel}`);
  try {
    return { reactor: new UringReactor(options), kernel };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new Error(explain(error), { cause: error });
  }
}

/** Whether a kernel release such as 6.12.9-amd64 is not older than another one. */
export function isRecent(kernel: string, oldest: readonly [number, number] = OLDEST): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

function explain(error: SystemError): string {
  const disabled = disabledSetting();
  switch (error.code) {
    case 'ENOSYS':
      return 'the kernel is built without io_uring, or a seccomp profile hides it';
    case 'EPERM':
      return disabled === '0' || disabled === null
        ? 'io_uring is forbidden here, most likely by the seccomp profile of a container'
        : `io_uring is switched off (kernel.io_uring_disabled = ${disabled})`;
    case 'ENOMEM':
      return 'the kernel grants no memory for a ring; raise RLIMIT_MEMLOCK or the memory limit of the control group';
    case 'EINVAL':
      return `the kernel lacks features of io_uring that are needed (${error.message})`;
    default:
      return error.message;
  }
}

function disabledSetting(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/io_uring_disabled', 'utf8').trim();
  } catch {
    return null;
  }
}
