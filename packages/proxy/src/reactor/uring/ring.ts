import {
  close,
  lastError,
  SYS_IO_URING_ENTER,
  SYS_IO_URING_REGISTER,
  SYS_IO_URING_SETUP,
  SystemError,
  syscall,
} from '../ffi/libc.ts';
import { Mapping } from '../ffi/mapping.ts';
import {
  IORING_ENTER_EXT_ARG,
  IORING_ENTER_GETEVENTS,
  IORING_ENTER_REGISTERED_RING,
  IORING_FEAT_CQE_SKIP,
  IORING_FEAT_EXT_ARG,
  IORING_FEAT_FAST_POLL,
  IORING_FEAT_NODROP,
  IORING_FEAT_SINGLE_MMAP,
  IORING_FEAT_SUBMIT_STABLE,
  IORING_OFF_SQES,
  IORING_REGISTER_RING_FDS,
  IORING_SETUP_CLAMP,
  IORING_SETUP_CQSIZE,
  IORING_SETUP_DEFER_TASKRUN,
  IORING_SETUP_SINGLE_ISSUER,
  IORING_SETUP_SUBMIT_ALL,
} from './abi.ts';
import { EAGAIN, EBUSY, EINTR, ETIME } from './errno.ts';
import type { CompletionPlaces } from './remains.ts';

const SETUP_FLAGS =
  IORING_SETUP_SINGLE_ISSUER |
  IORING_SETUP_DEFER_TASKRUN |
  IORING_SETUP_SUBMIT_ALL |
  IORING_SETUP_CQSIZE |
  IORING_SETUP_CLAMP;

/** One mapping for both rings, no lost completions, arguments read at submission, polling instead of threads, timeouts. */
const REQUIRED_FEATURES =
  IORING_FEAT_SINGLE_MMAP |
  IORING_FEAT_NODROP |
  IORING_FEAT_SUBMIT_STABLE |
  IORING_FEAT_FAST_POLL |
  IORING_FEAT_EXT_ARG |
  IORING_FEAT_CQE_SKIP;

/** Words of struct io_uring_params: sq_entries, cq_entries, flags, …, then sq_off at 10 and cq_off at 20. */
const PARAMS_SIZE = 120;
const SQE_WORDS = 16;

/** Layout of the argument page: io_uring_params or a register argument, getevents_arg, timespec. */
const ARGUMENT = 0;
const GETEVENTS_ARG = 256;
const TIMESPEC = 288;

/** How often a submission that the kernel refuses for lack of memory is tried again before giving up. */
const SUBMIT_ATTEMPTS = 10_000;

/**
 * One io_uring: the two rings that it shares with the kernel and the calls that move them. It belongs to the thread
 * that made it. Completions are read by the owner from `words` between `head` and `loadTail()`.
 *
 * Invariant: 0 <= pending <= entries, where pending is what was prepared and not taken by the kernel yet.
 */
export class Ring {
  /** Submission entries, 16 words each. */
  submissions: Int32Array;
  /** The mapping that holds the ring heads, tails and completions. */
  words: Int32Array;
  /** Index in `words` of the first completion entry; each has 4 words: user data (2), result, flags. */
  readonly completions: number;
  readonly completionMask: number;
  /** Called right after the kernel has taken entries: what they pointed to for their arguments may be used again. */
  onSubmitted: () => void = () => {};
  /** How often the kernel was entered. */
  enters = 0;

  readonly descriptor: number;
  readonly mappings: readonly Mapping[];
  #closed = false;
  readonly #entries: number;
  readonly #mask: number;
  readonly #tailIndex: number;
  readonly #completionHead: number;
  readonly #completionTail: number;
  readonly #arguments = Mapping.anonymous(4096);
  readonly #argumentWords = new Int32Array(this.#arguments.bytes);
  #enterDescriptor: number;
  #enterFlags = 0;
  #tail: number;
  #pending = 0;

  /** Throws SystemError when the kernel refuses: ENOSYS, EPERM (disabled or forbidden), EINVAL (too old), ENOMEM. */
  constructor(entries: number, completionEntries: number) {
    const params = this.#argumentWords;
    params[1] = completionEntries;
    params[2] = SETUP_FLAGS;
    const descriptor = syscall(SYS_IO_URING_SETUP, entries, this.#arguments.address + ARGUMENT, 0, 0, 0, 0);
    if (descriptor < 0) throw new SystemError('io_uring_setup');
    this.descriptor = descriptor;
    this.#enterDescriptor = descriptor;
    try {
      const [sq, cq] = [params.slice(10, 20), params.slice(20, 30)];
      this.#entries = params[0];
      if ((params[5] & REQUIRED_FEATURES) !== REQUIRED_FEATURES) throw new Error('the kernel lacks parts of io_uring');
      const size = Math.max(sq[6] + this.#entries * 4, cq[5] + params[1] * 16);
      const rings = Mapping.shared(Math.ceil(size / 4096) * 4096, descriptor, 0);
      const entryList = Mapping.shared(this.#entries * SQE_WORDS * 4, descriptor, IORING_OFF_SQES);
      this.mappings = [rings, entryList];
      this.words = new Int32Array(rings.bytes);
      this.submissions = new Int32Array(entryList.bytes);
      this.#tailIndex = sq[1] >> 2;
      this.#mask = this.words[sq[2] >> 2];
      this.#completionHead = cq[0] >> 2;
      this.#completionTail = cq[1] >> 2;
      this.completionMask = this.words[cq[2] >> 2];
      this.completions = cq[5] >> 2;
      for (let i = 0; i < this.#entries; i++) this.words[(sq[6] >> 2) + i] = i;
      this.#tail = this.words[this.#tailIndex];
    } catch (error) {
      close(descriptor);
      throw error;
    }
    params.fill(0, 0, PARAMS_SIZE / 4);
    this.#registerSelf();
  }

  /** Makes sure that the next entry can be prepared without submitting. */
  ensureRoom(): void {
    if (this.#pending === this.#entries) this.submit();
  }

  /** Index in `submissions` of the next entry to fill. Submits what is there when the ring is full. */
  next(): number {
    this.ensureRoom();
    const index = (this.#tail & this.#mask) * SQE_WORDS;
    this.#tail = (this.#tail + 1) | 0;
    this.#pending++;
    return index;
  }

  /** Hands everything prepared to the kernel without waiting for completions. */
  submit(): void {
    for (let attempt = 0; this.#pending > 0; attempt++) {
      if (attempt === SUBMIT_ATTEMPTS) throw new Error('the kernel takes no submissions');
      this.#enter(0, this.#enterFlags, 0, 0);
    }
  }

  /** Hands everything prepared to the kernel and waits for a completion, for at most `milliseconds` (Infinity: no limit). */
  submitAndWait(milliseconds: number): void {
    const words = this.#argumentWords;
    let timespec = 0;
    if (milliseconds !== Infinity) {
      const seconds = Math.floor(milliseconds / 1000);
      words[TIMESPEC >> 2] = seconds;
      words[(TIMESPEC >> 2) + 2] = Math.ceil((milliseconds - seconds * 1000) * 1e6);
      timespec = this.#arguments.address + TIMESPEC;
    }
    words[(GETEVENTS_ARG >> 2) + 4] = timespec;
    words[(GETEVENTS_ARG >> 2) + 5] = timespec / 4294967296;
    const flags = this.#enterFlags | IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
    this.#enter(1, flags, this.#arguments.address + GETEVENTS_ARG, 24);
  }

  /** For `Trace.clear`. */
  get places(): CompletionPlaces {
    return { tail: this.#completionTail, first: this.completions, mask: this.completionMask };
  }

  /** Where the unread completions begin; equal to `loadTail()` when there are none. */
  get head(): number {
    return this.words[this.#completionHead];
  }

  loadTail(): number {
    return Atomics.load(this.words, this.#completionTail);
  }

  /** Gives the entries before `head` back to the kernel. */
  storeHead(head: number): void {
    Atomics.store(this.words, this.#completionHead, head);
  }

  /** io_uring_register with its argument copied into stable memory first. Returns -errno, or what the call returned. */
  register(operation: number, argument: Int32Array, count: number): number {
    this.#argumentWords.set(argument, ARGUMENT >> 2);
    const pointer = this.#arguments.address + ARGUMENT;
    const result = syscall(SYS_IO_URING_REGISTER, this.descriptor, operation, pointer, count, 0, 0);
    return result < 0 ? -lastError() : result;
  }

  /**
   * The kernel cancels what is in flight, in its own time. The mappings go as well, as they would keep the ring alive;
   * entries that are prepared afterwards go nowhere.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    close(this.descriptor);
    this.words = new Int32Array(this.words.length);
    this.submissions = new Int32Array(this.submissions.length);
    for (const mapping of this.mappings) mapping.unmap();
  }

  /** A registered ring saves a look-up of the descriptor per call. Where it is refused, the descriptor does as well. */
  #registerSelf(): void {
    const update = new Int32Array([-1, 0, this.descriptor, 0]);
    if (this.register(IORING_REGISTER_RING_FDS, update, 1) !== 1) return;
    this.#enterDescriptor = this.#argumentWords[ARGUMENT >> 2];
    this.#enterFlags = IORING_ENTER_REGISTERED_RING;
  }

  #enter(minimum: number, flags: number, argument: number, size: number): void {
    if (this.#closed) {
      this.#pending = 0;
      return;
    }
    Atomics.store(this.words, this.#tailIndex, this.#tail);
    this.enters++;
    const count = syscall(SYS_IO_URING_ENTER, this.#enterDescriptor, this.#pending, minimum, flags, argument, size);
    if (count >= 0) {
      this.#pending -= count;
      if (count > 0 && this.#pending === 0) this.onSubmitted();
      return;
    }
    const errno = lastError();
    // ETIME: nothing came in time. EINTR: a signal. EAGAIN, EBUSY: memory or completion ring are short; read what is there.
    if (errno !== ETIME && errno !== EINTR && errno !== EAGAIN && errno !== EBUSY) {
      throw new SystemError('io_uring_enter', errno);
    }
  }
}
