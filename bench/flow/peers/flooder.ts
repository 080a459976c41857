// Frames as if they came in at a device of this network namespace, as fast as the CPU makes them (BPF_PROG_TEST_RUN with
// live frames). Argument: JSON of Flooding. Writes "ready" once the first are sent, and goes on until it is killed.
import { objectPath } from '../../../packages/flow/src/build/compile.ts';
import { addressOf, checked, libbpf } from '../../../packages/flow/src/loader/libbpf.ts';
import { LoadedObject } from '../../../packages/flow/src/loader/object.ts';
import { packet } from '../../../packages/testbed/src/packets/packet.ts';

export interface Flooding {
  readonly device: number;
  readonly mac: string;
  readonly source: string;
  readonly vip: string;
  readonly port: number;
}

/** struct bpf_test_run_opts of libbpf 1.1: size, and where its members are. */
const SIZE = 80;
const [DATA_IN, DATA_SIZE_IN, CONTEXT_IN, CONTEXT_SIZE_IN] = [8, 24, 32, 48];
const [REPEAT, FLAGS, BATCH] = [60, 68, 76];
const LIVE_FRAMES = 2;
/** struct xdp_md: where a frame ends, and the device that it comes in by. */
const CONTEXT_SIZE = 24;
const [DATA_END, INGRESS] = [4, 12];
const FRAMES = 200_000;
const AT_ONCE = 64;

const work = JSON.parse(process.argv[2]) as Flooding;
const object = LoadedObject.load(objectPath('xdp'));
const frame = packet().ip(work.source, work.vip).tcp(40_000, work.port, 'S').frame();
Buffer.from(work.mac.replaceAll(':', ''), 'hex').copy(frame, 0);
const context = Buffer.alloc(CONTEXT_SIZE);
context.writeUInt32LE(frame.length, DATA_END);
context.writeUInt32LE(work.device, INGRESS);
const options = Buffer.alloc(SIZE);
options.writeBigUInt64LE(BigInt(SIZE), 0);
options.writeBigUInt64LE(addressOf(frame), DATA_IN);
options.writeUInt32LE(frame.length, DATA_SIZE_IN);
options.writeBigUInt64LE(addressOf(context), CONTEXT_IN);
options.writeUInt32LE(CONTEXT_SIZE, CONTEXT_SIZE_IN);
options.writeUInt32LE(FRAMES, REPEAT);
options.writeUInt32LE(LIVE_FRAMES, FLAGS);
options.writeUInt32LE(AT_ONCE, BATCH);

for (let round = 0; ; round++) {
  checked(libbpf().bpf_prog_test_run_opts(object.program('pass_xdp'), options), 'sending frames');
  if (round === 0) process.stdout.write('ready\n');
  await new Promise((resolve) => setImmediate(resolve));
}
