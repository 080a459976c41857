/**
 * Whether the bytes are one HTTP/1.1 response to the end and nothing more, after which the connection can carry another
 * request (RFC 9112 section 9.3). Only what is certain counts: a body has a Content-Length, and the server does not
 * announce the end. `bodiless`: the answer to HEAD.
 */
export function isWholeResponse(memory: Uint8Array, start: number, end: number, bodiless: boolean): boolean {
  const text = Buffer.from(memory.buffer, memory.byteOffset + start, end - start).toString('latin1');
  const headEnd = text.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4 || !text.startsWith('HTTP/1.1 ')) return false;
  const head = text.slice(0, headEnd);
  if (UNCERTAIN.test(head)) return false;
  const status = Number(head.slice(9, 12));
  if (status < 200) return false;
  if (bodiless || status === 204 || status === 304) return headEnd === text.length;
  const length = LENGTH.exec(head);
  return length !== null && headEnd + Number(length[1]) === text.length;
}

const UNCERTAIN = /\r\n(?:transfer-encoding|upgrade):|\r\nconnection:[^\r]*close/i;
const LENGTH = /\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n/i;
