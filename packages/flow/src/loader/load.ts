import { existsSync } from 'node:fs';
import { addressOf, checked, DatapathUnavailable, type Handle, lastError, libbpf } from './libbpf.ts';
import { pinOf } from './pins.ts';

export interface LoadOptions {
  /** Entries of maps other than in the source, by name. */
  readonly mapSizes?: Readonly<Record<string, number>>;
  /**
   * A folder of a BPF file system in which the maps are, or will be, pinned under their names. Maps that are there are
   * taken over with all they hold, so that a new program goes on with the tables of the old one; but for those that have
   * another layout, which stay beside a new one.
   */
  readonly pinFolder?: string;
}

/** An object of libbpf whose programs and maps are in the kernel; good on any thread, on one at a time. */
export interface InKernel {
  readonly handle: Handle;
  /** Paths of all maps that are pinned. */
  readonly pins: readonly string[];
}

/** sizeof(struct bpf_object_open_opts) of libbpf 1.1; later versions accept it as it is. */
const OPEN_OPTIONS_SIZE = 80;
const KERNEL_LOG_OFFSET = 56;
const KERNEL_LOG_SIZE = 256 * 1024;

/** By these the verifier knows the context of a program as the parameter of a function that it checks by itself. */
const TYPES_OF_KERNEL = '/sys/kernel/btf/vmlinux';

/** Loads the programs and maps of the file. Throws DatapathUnavailable, or an Error with the verifier's last words. */
export function loadHandle(path: string, options: LoadOptions): InKernel {
  const log = Buffer.alloc(KERNEL_LOG_SIZE);
  const open = Buffer.alloc(OPEN_OPTIONS_SIZE);
  open.writeBigUInt64LE(BigInt(OPEN_OPTIONS_SIZE), 0);
  open.writeBigUInt64LE(addressOf(log), KERNEL_LOG_OFFSET);
  open.writeBigUInt64LE(BigInt(log.length), KERNEL_LOG_OFFSET + 8);
  const handle = libbpf().bpf_object__open_file(path, open);
  if (handle === 0) checked(-lastError(), `opening ${path}`);
  try {
    const pins: string[] = [];
    for (const map of handles(handle, libbpf().bpf_object__next_map)) {
      const pin = prepare(map, options);
      if (pin !== null) pins.push(pin);
    }
    const result = libbpf().bpf_object__load(handle);
    if (result < 0) throw refusal(path, result, log);
    return { handle, pins };
  } catch (error) {
    libbpf().bpf_object__close(handle);
    throw error;
  }
}

/** All maps, or all programs, of an object. */
export function* handles(object: Handle, next: (object: Handle, previous: Handle) => Handle): Generator<Handle> {
  for (let handle = next(object, 0); handle !== 0; handle = next(object, handle)) yield handle;
}

/** Returns where the map is pinned, if at all. */
function prepare(map: Handle, { mapSizes = {}, pinFolder }: LoadOptions): string | null {
  const bpf = libbpf();
  const name = bpf.bpf_map__name(map);
  if (mapSizes[name] !== undefined) {
    checked(bpf.bpf_map__set_max_entries(map, mapSizes[name]), `size of map ${name}`);
  }
  if (pinFolder === undefined) return null;
  const pin = pinOf(pinFolder, name, {
    type: bpf.bpf_map__type(map),
    keySize: bpf.bpf_map__key_size(map),
    valueSize: bpf.bpf_map__value_size(map),
    maxEntries: bpf.bpf_map__max_entries(map),
    flags: bpf.bpf_map__map_flags(map),
  });
  checked(bpf.bpf_map__set_pin_path(map, pin), `pin of map ${name}`);
  return pin;
}

function refusal(path: string, result: number, log: Buffer): Error {
  const said = log.toString('utf8', 0, Math.max(0, log.indexOf(0))).trim();
  if (said !== '') {
    if (!existsSync(TYPES_OF_KERNEL)) {
      return new DatapathUnavailable(
        `The kernel datapath needs a kernel that describes its types (CONFIG_DEBUG_INFO_BTF): no ${TYPES_OF_KERNEL}.`,
      );
    }
    return new Error(`The kernel's verifier refuses ${path}:\n${said.split('\n').slice(-12).join('\n')}`);
  }
  try {
    checked(result, `loading ${path}`);
  } catch (error) {
    if (error instanceof DatapathUnavailable) return error;
    return error as Error;
  }
  return new Error(`loading ${path} failed`);
}
