import { readFileSync } from 'node:fs';
import { checked, inBackground, libbpf } from './libbpf.ts';

export interface MapShape {
  readonly descriptor: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
}

const ENOENT = -2;
const EEXIST = -17;
/** What the kernel says where there is no room in a hash, and in a prefix trie. */
const NO_ROOM: readonly number[] = [-7, -28];
const NO_EXIST = 1;
/** More than any bucket of a hash holds, of which a batch takes whole ones. */
const BATCH = 4096;

/** A map of the kernel, in bytes. Keys and values are copied at each call, about a microsecond. */
export class KernelMap {
  readonly shape: MapShape;
  /** As the programs call it. */
  readonly #name: string;
  #isClosed = false;
  readonly #inBackground = new Set<Promise<unknown>>();

  constructor(name: string, shape: MapShape) {
    this.#name = name;
    this.shape = shape;
  }

  /**
   * The map is used no more: whatever is called from here on throws, walks that are under way included. Its descriptor
   * may be another map's soon, with entries of another size. Resolves when nothing uses it any more; null: nothing does.
   */
  close(): Promise<unknown> | null {
    this.#isClosed = true;
    return this.#inBackground.size === 0 ? null : Promise.allSettled(this.#inBackground);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#check(key, value.length);
    this.#written(libbpf().bpf_map_update_elem(this.#descriptor(), key, value, 0));
  }

  /** Whether the entry is new; one that is there stays as it is. */
  add(key: Uint8Array, value: Uint8Array): boolean {
    this.#check(key, value.length);
    const result = libbpf().bpf_map_update_elem(this.#descriptor(), key, value, NO_EXIST);
    return result === EEXIST ? false : this.#written(result) === 0;
  }

  /** For queues: the oldest value, which is in it no more; null when it is empty. */
  take(): Buffer | null {
    const value = Buffer.alloc(this.shape.valueSize);
    const result = libbpf().bpf_map_lookup_and_delete_elem(this.#descriptor(), null, value);
    if (result === ENOENT) return null;
    checked(result, 'taking from a queue');
    return value;
  }

  /** For maps whose updates wait for all readers, some 10 ms: on a thread of their own. */
  async setInBackground(key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#check(key, value.length);
    const update = inBackground('bpf_map_update_elem', this.#descriptor(), key, value, 0);
    this.#inBackground.add(update);
    const result = await update.finally(() => this.#inBackground.delete(update));
    this.#written(result);
  }

  /** The value, or null. */
  get(key: Uint8Array): Buffer | null {
    return this.#look(key, Buffer.alloc(this.shape.valueSize));
  }

  /** For maps with a value per CPU: all of them, or null. Values are kept 8 bytes apart. */
  getPerCpu(key: Uint8Array): Buffer[] | null {
    const all = this.#look(key, Buffer.alloc(this.#perCpuBytes()));
    return all === null ? null : this.#perCpu(all);
  }

  /** The same value for each CPU. What one of them counts at this moment may be lost, or stay. */
  setPerCpu(key: Uint8Array, value: Uint8Array): void {
    this.#check(key, value.length);
    const all = Buffer.alloc(this.#perCpuBytes());
    for (let at = 0; at < all.length; at += this.#stride()) all.set(value, at);
    this.#written(libbpf().bpf_map_update_elem(this.#descriptor(), key, all, 0));
  }

  /** All entries of a hash with a value per CPU. */
  *perCpuEntries(): Generator<{ readonly key: Buffer; readonly values: readonly Buffer[] }> {
    for (const batch of this.batches(this.#perCpuBytes())) {
      for (const { key, value } of batch) yield { key, values: this.#perCpu(value) };
    }
  }

  /** Whether there was something to delete. */
  delete(key: Uint8Array): boolean {
    this.#check(key, this.shape.valueSize);
    const result = libbpf().bpf_map_delete_elem(this.#descriptor(), key);
    return result === ENOENT ? false : checked(result, 'deleting a map entry') === 0;
  }

  /** All keys. An entry that comes or goes meanwhile may be missed, and after a deletion the walk begins again. */
  *keys(): Generator<Buffer> {
    let key: Buffer | null = null;
    // Whatever others do to the map meanwhile, this ends.
    for (let seen = 0; seen < this.shape.maxEntries; seen++) {
      const next = Buffer.alloc(this.shape.keySize);
      const result = libbpf().bpf_map_get_next_key(this.#descriptor(), key, next);
      if (result === ENOENT) return;
      checked(result, 'walking a map');
      yield next;
      key = next;
    }
  }

  /**
   * All entries of a hash or an array, some thousand with each call into the kernel, 0.4 µs an entry. What comes or goes meanwhile may
   * be missed. The bytes are overwritten by the next batch.
   */
  *entries(): Generator<{ readonly key: Buffer; readonly value: Buffer }> {
    for (const batch of this.batches()) yield* batch;
  }

  /** The same in batches, for who does something else in between. */
  *batches(valueSize = this.shape.valueSize): Generator<readonly { readonly key: Buffer; readonly value: Buffer }[]> {
    const { keySize } = this.shape;
    for (const { keys, values, read } of this.#batches(valueSize)) {
      yield Array.from({ length: read }, (_, i) => ({
        key: keys.subarray(i * keySize, (i + 1) * keySize),
        value: values.subarray(i * valueSize, (i + 1) * valueSize),
      }));
    }
  }

  /** How many entries a hash has. */
  count(): number {
    let count = 0;
    for (const { read } of this.#batches()) count += read;
    return count;
  }

  *#batches(
    valueSize = this.shape.valueSize,
  ): Generator<{ readonly keys: Buffer; readonly values: Buffer; readonly read: number }> {
    const { keySize, maxEntries } = this.shape;
    const [keys, values] = [Buffer.alloc(BATCH * keySize), Buffer.alloc(BATCH * valueSize)];
    const [next, count] = [Buffer.alloc(Math.max(4, keySize)), Buffer.alloc(4)];
    let from: Buffer | null = null;
    // Whatever others do to the map meanwhile, this ends.
    for (let seen = 0; seen < 2 * maxEntries; ) {
      count.writeUInt32LE(BATCH);
      const result = libbpf().bpf_map_lookup_batch(this.#descriptor(), from, next, keys, values, count, null);
      if (result !== ENOENT) checked(result, 'reading a map');
      const read = count.readUInt32LE(0);
      yield { keys, values, read };
      if (result === ENOENT) return;
      from = Buffer.from(next);
      seen += read;
    }
  }

  /** Bytes of the kernel's memory that the map takes, as the kernel counts them. */
  memory(): number {
    const text = readFileSync(`/proc/self/fdinfo/${this.#descriptor()}`, 'utf8');
    return Number(text.match(/^memlock:\s+(\d+)/m)?.[1] ?? 0);
  }

  #descriptor(): number {
    if (this.#isClosed) throw new Error('this map is closed');
    return this.shape.descriptor;
  }

  /** Of one entry: values are kept 8 bytes apart. */
  #perCpuBytes(): number {
    return this.#stride() * checked(libbpf().libbpf_num_possible_cpus(), 'counting CPUs');
  }

  #written(result: number): number {
    const { maxEntries } = this.shape;
    if (NO_ROOM.includes(result)) throw new Error(`the kernel's map ${this.#name} is full: ${maxEntries} entries`);
    return checked(result, `writing an entry of the kernel's map ${this.#name}`);
  }

  #perCpu(all: Buffer): Buffer[] {
    const stride = this.#stride();
    return Array.from({ length: all.length / stride }, (_, cpu) =>
      all.subarray(cpu * stride, cpu * stride + this.shape.valueSize),
    );
  }

  #stride(): number {
    return (this.shape.valueSize + 7) & ~7;
  }

  #look(key: Uint8Array, value: Buffer): Buffer | null {
    this.#check(key, this.shape.valueSize);
    const result = libbpf().bpf_map_lookup_elem(this.#descriptor(), key, value);
    if (result === ENOENT) return null;
    checked(result, 'reading a map entry');
    return value;
  }

  /** The kernel reads as many bytes as the map says, wherever they come from. */
  #check(key: Uint8Array, valueLength: number): void {
    if (key.length !== this.shape.keySize || valueLength !== this.shape.valueSize) {
      throw new RangeError(
        `a map of ${this.shape.keySize} and ${this.shape.valueSize} bytes: ${key.length} and ${valueLength}`,
      );
    }
  }
}
