/** What load and origin say to each other: one masked frame there (RFC 6455 section 5.2), one of the same size back. */

/** Bytes of a message, as in a chat. Below 126, so that the length takes one byte. */
export const PAYLOAD = 100;

const MASK = Uint8Array.of(0x12, 0x34, 0x56, 0x78);

/** A text message of a client. */
export const QUESTION = Uint8Array.from([
  0x81,
  0x80 | PAYLOAD,
  ...MASK,
  ...Array.from({ length: PAYLOAD }, (_, index) => 0x2a ^ MASK[index & 3]),
]);

/** The same of a server. */
export const ANSWER = Uint8Array.from([0x81, PAYLOAD, ...new Array<number>(PAYLOAD).fill(0x2a)]);

export const handshake = (host: string): string =>
  `GET /chat HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** The proof is that of the key above. */
export const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
