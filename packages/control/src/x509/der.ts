/** One value of DER (ITU-T X.690): its tag and where it is. */
export interface DerValue {
  readonly tag: number;
  /** The content alone. */
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly whole: Buffer;
}

export const DER = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  ENUMERATED: 0x0a,
  SEQUENCE: 0x30,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
} as const;

/** A text is not the DER that it should be. */
export class DerError extends Error {}

/** Reads the values that lie one after another in some content. Every length is checked against what is there. */
export class DerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The tag of the next value; null at the end. */
  get tag(): number | null {
    return this.#bytes[this.#at] ?? null;
  }

  /** The next value, which must have this tag. */
  next(tag: number): DerValue {
    const value = this.any();
    if (value.tag !== tag) throw new DerError(`tag ${value.tag} where ${tag} should be`);
    return value;
  }

  /** The next value when it has this tag; else null, and it stays the next. */
  optional(tag: number): DerValue | null {
    return this.tag === tag ? this.any() : null;
  }

  any(): DerValue {
    const start = this.#at;
    const tag = this.#byte();
    // Tags of several bytes occur in none of the structures that are read here.
    if ((tag & 0x1f) === 0x1f) throw new DerError('a long tag');
    const end = this.#length() + this.#at;
    if (end > this.#bytes.length) throw new DerError('a value is longer than what holds it');
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { tag, content, whole: this.#bytes.subarray(start, end) };
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new DerError('a length that DER does not have');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    return length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new DerError('the end comes too early');
    return byte;
  }
}

/** Unix milliseconds of a UTCTime or GeneralizedTime, in the only forms that RFC 5280 §4.1.2.5 allows. */
export function derTime({ tag, content }: DerValue): number {
  const text = content.toString('latin1');
  const match = /^(\d{2})?(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null || (tag !== DER.UTC_TIME && tag !== DER.GENERALIZED_TIME)) throw new DerError('not a time');
  const [, century, year, month, day, hour, minute, second] = match;
  if ((century === undefined) !== (tag === DER.UTC_TIME)) throw new DerError('not a time');
  const full = century === undefined ? (Number(year) < 50 ? 2000 : 1900) + Number(year) : Number(`${century}${year}`);
  return Date.UTC(full, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

/** An object identifier in dots. */
export function derOid({ content }: DerValue): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) arcs.push(...(arc < 80 ? [Math.floor(arc / 40), arc % 40] : [2, arc - 80]));
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}
