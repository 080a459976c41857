/**
 * Changes of a block list, packed: for each its family, the length of the prefix, the prefix, and until when it is in the
 * list in seconds since 1970, `GONE` to take it out. 10 bytes for IPv4 and 22 for IPv6, in the order of the network.
 */
export class EntryWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(key: Uint32Array, length: number, until: number): void {
    const size = 6 + 4 * key.length;
    if (this.#length + size > this.#bytes.length) this.#grow();
    const at = this.#length;
    this.#bytes[at] = key.length === 1 ? 4 : 6;
    this.#bytes[at + 1] = length;
    for (let i = 0; i < key.length; i++) this.#view.setUint32(at + 2 + 4 * i, key[i]!);
    this.#view.setUint32(at + 2 + 4 * key.length, until);
    this.#length += size;
    this.#count++;
  }

  /** All that was added, and begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    this.#count = 0;
    return taken;
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

const KEYS = { 4: new Uint32Array(1), 6: new Uint32Array(4) } as const;

/**
 * Reads packed changes; `key` is overwritten by the next one. False: they are not what they should be, and those behind
 * the fault have not been read.
 */
export function readEntries(
  bytes: Uint8Array,
  take: (key: Uint32Array, length: number, until: number) => void,
): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const family = bytes[at]!;
    if (family !== 4 && family !== 6) return false;
    const key = KEYS[family];
    const size = 6 + 4 * key.length;
    const length = bytes[at + 1] ?? 255;
    if (at + size > bytes.length || length > 32 * key.length) return false;
    for (let i = 0; i < key.length; i++) key[i] = view.getUint32(at + 2 + 4 * i);
    take(key, length, view.getUint32(at + 2 + 4 * key.length));
    at += size;
  }
  return true;
}
