/** Writes DER (ITU-T X.690): each function gives one value with its tag and length. */

export function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

export const sequence = (...parts: readonly Uint8Array[]) => tagged(0x30, ...parts);

/** A positive number, from its bytes. */
export function integer(bytes: Uint8Array): Buffer {
  return tagged(0x02, ...(bytes[0]! >= 0x80 ? [Buffer.of(0)] : []), bytes);
}

/** The content of an object identifier, from its arcs in hexadecimal as the standards print them. */
export const oid = (content: string) => tagged(0x06, Buffer.from(content, 'hex'));

/** A time in UTC, to the second: a UTCTime through 2049, a GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
export function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < '2050' ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Buffer.of(0x80 | bytes.length, ...bytes);
}
