/**
 * Byte classes of the HTTP/1.1 grammar (RFC 9110 section 5.6.2, RFC 9112 sections 2–5), as tables for the parsers' loops.
 */

const TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

/** tchar → its lower-case form; every other byte → 0. */
export const TOKEN_LOWER = new Uint8Array(256);

/** 1 for bytes of a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5). */
export const FIELD_VALUE = new Uint8Array(256);

/**
 * 1 for bytes of a request target: visible ASCII but '#', since a fragment is no part of it (RFC 9112 section 3.2), and
 * whoever cuts it off sees another path than whoever does not. Bytes above 0x7e are refused, as RFC 3986 has none.
 */
export const TARGET = new Uint8Array(256);

/** 1 for bytes of uri-host and port (RFC 3986 section 3.2): what a Host field may contain. */
export const HOST = new Uint8Array(256);

/** Value of a hexadecimal digit; every other byte → 255. */
export const HEX = new Uint8Array(256).fill(255);

for (let byte = 0; byte < 256; byte++) {
  const character = String.fromCharCode(byte);
  const isAlphanumeric = /[A-Za-z0-9]/.test(character);
  if (isAlphanumeric || TOKEN_PUNCTUATION.includes(character))
    TOKEN_LOWER[byte] = character.toLowerCase().charCodeAt(0);
  if (byte === 9 || (byte >= 32 && byte !== 127)) FIELD_VALUE[byte] = 1;
  if (byte > 32 && byte < 127 && character !== '#') TARGET[byte] = 1;
  if (isAlphanumeric || "-._~%!$&'()*+,;=:[]".includes(character)) HOST[byte] = 1;
  if (/[0-9A-Fa-f]/.test(character)) HEX[byte] = Number.parseInt(character, 16);
}

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const HTAB = 9;
export const COLON = 58;
export const COMMA = 44;
export const SEMICOLON = 59;
export const ZERO = 48;
export const NINE = 57;
