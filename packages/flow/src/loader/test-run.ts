import { addressOf, checked, libbpf } from './libbpf.ts';

export interface TestRun {
  /** What the program returned, as a signed number. */
  readonly verdict: number;
  /** The frame as the program left it. */
  readonly frame: Buffer;
  /** Of one run, the mean of all. */
  readonly nanoseconds: number;
}

/** struct bpf_test_run_opts of libbpf 1.1: size, and where its members are. */
const SIZE = 80;
const DATA_IN = 8;
const DATA_OUT = 16;
const DATA_SIZE_IN = 24;
const DATA_SIZE_OUT = 28;
const VERDICT = 56;
const REPEAT = 60;
const DURATION = 64;

/** struct __sk_buff, as far as it is used: its members that a caller may set, and where they are. */
const CONTEXT_IN = 32;
const CONTEXT_SIZE_IN = 48;
const CONTEXT_SIZE = 44;
const MARK = 8;
const DEVICE = 40;

/** At tcx: where a frame seems to come in, loopback unless told, and what somebody has marked it with. */
export interface FrameContext {
  readonly device: number;
  readonly mark: number;
}

/** What a program may put in front of a frame, with room to spare. */
const GROWTH = 256;

/**
 * BPF_PROG_TEST_RUN: the program runs on a frame of ours, in the kernel, without a network. With `repeat` it runs on the
 * same frame again and again, on what the run before has left of it.
 */
export function testRun(program: number, frame: Uint8Array, repeat = 1, at: FrameContext | null = null): TestRun {
  const out = Buffer.alloc(frame.length + GROWTH);
  const options = Buffer.alloc(SIZE);
  options.writeBigUInt64LE(BigInt(SIZE), 0);
  options.writeBigUInt64LE(addressOf(frame), DATA_IN);
  options.writeBigUInt64LE(addressOf(out), DATA_OUT);
  options.writeUInt32LE(frame.length, DATA_SIZE_IN);
  options.writeUInt32LE(out.length, DATA_SIZE_OUT);
  options.writeInt32LE(repeat, REPEAT);
  const context = Buffer.alloc(CONTEXT_SIZE);
  if (at !== null) {
    context.writeUInt32LE(at.mark, MARK);
    context.writeUInt32LE(at.device, DEVICE);
    options.writeBigUInt64LE(addressOf(context), CONTEXT_IN);
    options.writeUInt32LE(CONTEXT_SIZE, CONTEXT_SIZE_IN);
  }
  checked(libbpf().bpf_prog_test_run_opts(program, options), 'running a program on a test frame');
  return {
    verdict: options.readInt32LE(VERDICT),
    frame: out.subarray(0, options.readUInt32LE(DATA_SIZE_OUT)),
    nanoseconds: options.readUInt32LE(DURATION),
  };
}
