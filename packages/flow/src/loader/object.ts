import { KernelMap } from './kernel-map.ts';
import { type Handle, libbpf } from './libbpf.ts';
import { handles, type InKernel, type LoadOptions, loadHandle } from './load.ts';
import { loadOnThread } from './load-on-thread.ts';

/** A compiled object whose programs and maps are in the kernel. They stay as long as it is open, attached, or pinned. */
export class LoadedObject {
  #handle: Handle;
  readonly #maps = new Map<string, KernelMap>();
  readonly #programs = new Map<string, number>();
  /** Paths of all maps that are pinned. */
  readonly pins: ReadonlySet<string>;

  /** Loads the programs and maps of the file. Throws DatapathUnavailable, or an Error with the verifier's last words. */
  static load(path: string, options: LoadOptions = {}): LoadedObject {
    return LoadedObject.#of(loadHandle(path, options));
  }

  /**
   * The same on a thread of its own: verifier and maps take some 100 ms, on a busy machine more. Two at a time must not
   * have the same `pinFolder`.
   */
  static async loadInBackground(path: string, options: LoadOptions = {}): Promise<LoadedObject> {
    return LoadedObject.#of(await loadOnThread({ path, options }));
  }

  static #of({ handle, pins }: InKernel): LoadedObject {
    try {
      return new LoadedObject(handle, new Set(pins));
    } catch (error) {
      libbpf().bpf_object__close(handle);
      throw error;
    }
  }

  private constructor(handle: Handle, pins: ReadonlySet<string>) {
    this.#handle = handle;
    this.pins = pins;
    const bpf = libbpf();
    for (const map of handles(handle, bpf.bpf_object__next_map)) {
      const shape = {
        descriptor: bpf.bpf_map__fd(map),
        keySize: bpf.bpf_map__key_size(map),
        valueSize: bpf.bpf_map__value_size(map),
        maxEntries: bpf.bpf_map__max_entries(map),
      };
      const name = bpf.bpf_map__name(map);
      this.#maps.set(name, new KernelMap(name, shape));
    }
    for (const program of handles(handle, bpf.bpf_object__next_program)) {
      this.#programs.set(bpf.bpf_program__name(program), bpf.bpf_program__fd(program));
    }
  }

  get mapNames(): readonly string[] {
    return [...this.#maps.keys()];
  }

  map(name: string): KernelMap {
    const map = this.#maps.get(name);
    if (map === undefined) throw new Error(`no map ${name} in this object`);
    return map;
  }

  /** The descriptor of a program; it belongs to this object. */
  program(name: string): number {
    const descriptor = this.#programs.get(name);
    if (descriptor === undefined) throw new Error(`no program ${name} in this object`);
    return descriptor;
  }

  /**
   * What is attached or pinned stays in the kernel. Maps and programs of this object cannot be used from here on; a write
   * that is under way on another thread keeps the descriptors open until it is done.
   */
  close(): void {
    const handle = this.#handle;
    if (handle === 0) return;
    this.#handle = 0;
    this.#programs.clear();
    const busy = [...this.#maps.values()].map((map) => map.close()).filter((done) => done !== null);
    if (busy.length === 0) libbpf().bpf_object__close(handle);
    else void Promise.all(busy).then(() => libbpf().bpf_object__close(handle));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
