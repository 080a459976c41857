/**
 * Looks for `:status` and `grpc-status` in the field blocks of one response (RFC 7541). Values of both are digits, so a
 * string need not be decoded to be compared: names are compared as they are or as their Huffman code, and of values only
 * digits are decoded. The probe allows no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0), which a server may use until it
 * has read that; so its names are remembered, too.
 */
export interface FieldFindings {
  /** null: there is no such field. */
  readonly status: number | null;
  readonly grpcStatus: number | null;
}

/** Index of `:status` 200 in the static table, and the codes of the indexes from there on. */
const STATUS_AT = 8;
const STATUS_CODES = [200, 204, 206, 304, 400, 404, 500];
const STATIC = 61;
const DIGITS_5 = ['0', '1', '2'];
const FIRST_OF_6 = 0b011001;

type Name = 'status' | 'grpc-status' | 'other';

const NAMES: readonly { readonly name: Name; readonly forms: readonly string[] }[] = [
  // ":status" and "grpc-status", as they are and Huffman-coded (RFC 7541 appendix B), in hexadecimal.
  { name: 'status', forms: [hex(':status'), 'b8848d36a3'] },
  { name: 'grpc-status', forms: [hex('grpc-status'), '9acac8b21234da8f'] },
];

export class FieldBlocks {
  /** Names in the dynamic table, the newest first. */
  readonly #names: { readonly name: Name; readonly value: number | null }[] = [];

  reset(): void {
    this.#names.length = 0;
  }

  /** Null: the block is malformed. */
  read(block: Uint8Array): FieldFindings | null {
    const found: { status: number | null; grpcStatus: number | null } = { status: null, grpcStatus: null };
    const reader = new Reader(block);
    while (!reader.done) {
      const field = this.#field(reader);
      if (reader.failed || field === null) return null;
      if (field.name === 'status') found.status = field.value;
      else if (field.name === 'grpc-status') found.grpcStatus = field.value;
    }
    return found;
  }

  #field(reader: Reader): { readonly name: Name; readonly value: number | null } | null {
    const first = reader.peek();
    if ((first & 0x80) !== 0) return this.#indexed(reader.integer(0x7f));
    // A change of the table's size.
    if ((first & 0xe0) === 0x20) {
      reader.integer(0x1f);
      return { name: 'other', value: null };
    }
    const kept = (first & 0xc0) === 0x40;
    const index = reader.integer(kept ? 0x3f : 0x0f);
    const indexed = index === 0 ? null : this.#indexed(index);
    const name = index === 0 ? nameOf(reader.string()) : (indexed?.name ?? null);
    if (name === null) return null;
    const field = { name, value: digitsOf(reader.string()) };
    if (kept) this.#names.unshift(field);
    return field;
  }

  #indexed(index: number): { readonly name: Name; readonly value: number | null } | null {
    if (index === 0) return null;
    if (index > STATIC) return this.#names[index - STATIC - 1] ?? null;
    const code = STATUS_CODES[index - STATUS_AT];
    return code === undefined ? { name: 'other', value: null } : { name: 'status', value: code };
  }
}

interface Text {
  readonly huffman: boolean;
  readonly bytes: Uint8Array;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.failed || this.#at >= this.#bytes.length;
  }

  peek(): number {
    return this.#bytes[this.#at] ?? 0;
  }

  /** RFC 7541 section 5.1. */
  integer(mask: number): number {
    let value = this.#next() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#next();
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    this.failed = true;
    return 0;
  }

  string(): Text {
    const huffman = (this.peek() & 0x80) !== 0;
    const size = this.integer(0x7f);
    const bytes = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    if (bytes.length < size) this.failed = true;
    return { huffman, bytes };
  }

  #next(): number {
    if (this.#at >= this.#bytes.length) this.failed = true;
    return this.#bytes[this.#at++] ?? 0;
  }
}

function nameOf({ huffman, bytes }: Text): Name {
  const text = Buffer.from(bytes).toString('hex');
  return NAMES.find(({ forms }) => forms[huffman ? 1 : 0] === text)?.name ?? 'other';
}

/** The number that the digits make; null when there are other characters. */
function digitsOf({ huffman, bytes }: Text): number | null {
  const text = huffman ? huffmanDigits(bytes) : Buffer.from(bytes).toString('latin1');
  return text !== null && /^[0-9]{1,9}$/.test(text) ? Number(text) : null;
}

/** Codes of 0, 1 and 2 have five bits, those of 3 to 9 six; what is left over is ones. */
function huffmanDigits(bytes: Uint8Array): string | null {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  let text = '';
  let at = 0;
  while (bits.length - at >= 5) {
    const short = DIGITS_5[Number.parseInt(bits.slice(at, at + 5), 2)];
    if (short !== undefined) {
      text += short;
      at += 5;
      continue;
    }
    const digit = Number.parseInt(bits.slice(at, at + 6), 2) - FIRST_OF_6;
    if (bits.length - at < 6 || digit < 0 || digit > 6) break;
    text += digit + 3;
    at += 6;
  }
  const rest = bits.slice(at);
  return rest.length < 8 && !rest.includes('0') ? text : null;
}

function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}
