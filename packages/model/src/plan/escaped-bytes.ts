/**
 * Bytes as text: printable ASCII as it is, `\r`, `\n`, `\t`, `\\`, and every other byte as `\x` with two hexadecimal
 * digits. Nothing is lost, and what is text can be read.
 */
export function escapeBytes(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const short = SHORT[byte];
    if (short !== undefined) text += short;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}

/** The inverse; other characters than ASCII stand for their UTF-8 bytes. Null when a backslash begins nothing known. */
export function unescapeBytes(text: string): Uint8Array | null {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; ) {
    const escape = /^\\(?:([rnt\\])|x([0-9A-Fa-f]{2}))/.exec(text.slice(at, at + 4));
    if (escape !== null) {
      const [whole, short, hex] = escape;
      bytes.push(hex === undefined ? LONG[short as string]! : Number.parseInt(hex, 16));
      at += whole.length;
    } else if (text[at] === '\\') {
      return null;
    } else {
      const character = String.fromCodePoint(text.codePointAt(at)!);
      bytes.push(...new TextEncoder().encode(character));
      at += character.length;
    }
  }
  return Uint8Array.from(bytes);
}

/** Bytes as hexadecimal digits, two each, in lower case. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** The bytes that pairs of hexadecimal digits stand for; spaces between them are passed over. Null: it is no such text. */
export function fromHex(text: string): Uint8Array | null {
  const digits = text.replaceAll(' ', '');
  if (digits.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(digits)) return null;
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

const LONG: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '\\': 92 };
const SHORT: Readonly<Record<number, string>> = { 13: '\\r', 10: '\\n', 9: '\\t', 92: '\\\\' };
