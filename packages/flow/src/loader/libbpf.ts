import { getSystemErrorMessage } from 'node:util';
import koffi from 'koffi';

/** Why the kernel datapath cannot be had here, in a sentence for people. */
export class DatapathUnavailable extends Error {
  override readonly name = 'DatapathUnavailable';
}

/** An object, a map or a program of libbpf: an address. */
export type Handle = number;

/**
 * The functions of libbpf that we use, by their C names. Handles are addresses as numbers; whatever returns an int returns
 * a negative error number on failure. Only the modules of this folder know koffi.
 */
export interface Libbpf {
  bpf_object__open_file(path: string, options: Uint8Array): Handle;
  bpf_object__load(object: Handle): number;
  bpf_object__close(object: Handle): void;
  bpf_object__next_map(object: Handle, previous: Handle): Handle;
  bpf_object__next_program(object: Handle, previous: Handle): Handle;
  bpf_map__name(map: Handle): string;
  bpf_map__fd(map: Handle): number;
  bpf_map__type(map: Handle): number;
  bpf_map__map_flags(map: Handle): number;
  bpf_map__key_size(map: Handle): number;
  bpf_map__value_size(map: Handle): number;
  bpf_map__max_entries(map: Handle): number;
  bpf_map__set_max_entries(map: Handle, entries: number): number;
  bpf_map__set_pin_path(map: Handle, path: string): number;
  bpf_program__name(program: Handle): string;
  bpf_program__fd(program: Handle): number;
  bpf_obj_pin(descriptor: number, path: string): number;
  bpf_obj_get(path: string): number;
  bpf_map_create(
    type: number,
    name: string,
    keySize: number,
    valueSize: number,
    entries: number,
    options: null,
  ): number;
  bpf_map_get_fd_by_id(id: number): number;
  bpf_map_update_elem(map: number, key: Uint8Array, value: Uint8Array, flags: number): number;
  bpf_map_lookup_elem(map: number, key: Uint8Array, value: Uint8Array): number;
  bpf_map_lookup_and_delete_elem(map: number, key: Uint8Array | null, value: Uint8Array): number;
  bpf_map_lookup_batch(
    map: number,
    from: Uint8Array | null,
    next: Uint8Array,
    keys: Uint8Array,
    values: Uint8Array,
    count: Uint8Array,
    options: null,
  ): number;
  bpf_map_delete_elem(map: number, key: Uint8Array): number;
  bpf_map_get_next_key(map: number, key: Uint8Array | null, next: Uint8Array): number;
  bpf_link_create(program: number, device: number, type: number, options: null): number;
  bpf_link_update(link: number, program: number, options: null): number;
  bpf_prog_query(device: number, type: number, flags: number, attachFlags: null, ids: null, count: Uint8Array): number;
  bpf_prog_test_run_opts(program: number, options: Uint8Array): number;
  libbpf_num_possible_cpus(): number;
}

const SIGNATURES: Record<keyof Libbpf, string> = {
  bpf_object__open_file: 'int64_t bpf_object__open_file(const char *, const void *)',
  bpf_object__load: 'int bpf_object__load(int64_t)',
  bpf_object__close: 'void bpf_object__close(int64_t)',
  bpf_object__next_map: 'int64_t bpf_object__next_map(int64_t, int64_t)',
  bpf_object__next_program: 'int64_t bpf_object__next_program(int64_t, int64_t)',
  bpf_map__name: 'const char *bpf_map__name(int64_t)',
  bpf_map__fd: 'int bpf_map__fd(int64_t)',
  bpf_map__type: 'int bpf_map__type(int64_t)',
  bpf_map__map_flags: 'uint32_t bpf_map__map_flags(int64_t)',
  bpf_map__key_size: 'uint32_t bpf_map__key_size(int64_t)',
  bpf_map__value_size: 'uint32_t bpf_map__value_size(int64_t)',
  bpf_map__max_entries: 'uint32_t bpf_map__max_entries(int64_t)',
  bpf_map__set_max_entries: 'int bpf_map__set_max_entries(int64_t, uint32_t)',
  bpf_map__set_pin_path: 'int bpf_map__set_pin_path(int64_t, const char *)',
  bpf_program__name: 'const char *bpf_program__name(int64_t)',
  bpf_program__fd: 'int bpf_program__fd(int64_t)',
  bpf_obj_pin: 'int bpf_obj_pin(int, const char *)',
  bpf_obj_get: 'int bpf_obj_get(const char *)',
  bpf_map_create: 'int bpf_map_create(int, const char *, uint32_t, uint32_t, uint32_t, const void *)',
  bpf_map_get_fd_by_id: 'int bpf_map_get_fd_by_id(uint32_t)',
  bpf_map_update_elem: 'int bpf_map_update_elem(int, const void *, const void *, uint64_t)',
  bpf_map_lookup_elem: 'int bpf_map_lookup_elem(int, const void *, void *)',
  bpf_map_lookup_and_delete_elem: 'int bpf_map_lookup_and_delete_elem(int, const void *, void *)',
  bpf_map_lookup_batch: 'int bpf_map_lookup_batch(int, void *, void *, void *, void *, void *, const void *)',
  bpf_map_delete_elem: 'int bpf_map_delete_elem(int, const void *)',
  bpf_map_get_next_key: 'int bpf_map_get_next_key(int, const void *, void *)',
  bpf_link_create: 'int bpf_link_create(int, int, int, const void *)',
  bpf_link_update: 'int bpf_link_update(int, int, const void *)',
  bpf_prog_query: 'int bpf_prog_query(int, int, uint32_t, void *, void *, void *)',
  bpf_prog_test_run_opts: 'int bpf_prog_test_run_opts(int, void *)',
  libbpf_num_possible_cpus: 'int libbpf_num_possible_cpus()',
};

let loaded: Libbpf | null = null;

/** libbpf, loaded when it is first asked for: nothing else of the product needs it. Throws DatapathUnavailable. */
export function libbpf(): Libbpf {
  loaded ??= load('libbpf.so.1');
  return loaded;
}

/** @see libbpf; the name is a parameter for tests. */
export function load(name: string): Libbpf {
  if (process.platform !== 'linux') throw new DatapathUnavailable('The kernel datapath needs Linux.');
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load(name);
  } catch (cause) {
    throw new DatapathUnavailable(`The kernel datapath needs ${name}: on Debian, apt-get install libbpf1.`, { cause });
  }
  // Its diagnostics would go to standard error line by line; ours carry the verifier's words instead.
  library.func('void *libbpf_set_print(void *)')(null);
  const functions = Object.entries(SIGNATURES).map(([key, signature]) => [key, library.func(signature)]);
  return Object.fromEntries(functions) as Libbpf;
}

/** The address of memory that outlives the call it is passed to, for pointers inside structures. */
export function addressOf(memory: Uint8Array): bigint {
  return BigInt(koffi.address(memory));
}

/** `result`, or an error that says what was tried: libbpf returns negative error numbers. */
export function checked(result: number, what: string): number {
  if (result >= 0) return result;
  if (result === -1 || result === -13) {
    throw new DatapathUnavailable(
      `${what}: not permitted. The kernel datapath needs root, or CAP_BPF and CAP_NET_ADMIN.`,
    );
  }
  throw new Error(`${what}: ${getSystemErrorMessage(result)}`);
}

/** errno of this thread, right after a call that returned no handle. */
export function lastError(): number {
  return koffi.errno();
}

/** Functions that wait in the kernel, and need little of a stack. */
type Slow = 'bpf_link_create' | 'bpf_link_update' | 'bpf_map_update_elem';

/**
 * One of these functions on another thread of this process, which goes on meanwhile. Resolves with what the function
 * returns; its arguments must not be changed before.
 */
export function inBackground<Name extends Slow>(name: Name, ...args: Parameters<Libbpf[Name]>): Promise<number> {
  const called = libbpf()[name] as unknown as {
    async(...args: [...Parameters<Libbpf[Name]>, (error: Error | null, result: number) => void]): void;
  };
  return new Promise((resolve, reject) => {
    called.async(...args, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
