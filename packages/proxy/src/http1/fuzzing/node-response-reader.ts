import { codeOf, HTTPParser, pairs } from './node-parser.ts';
import type { ResponseMessage, ResponseReading } from './response-message.ts';

/** Reads the response to a GET as Node's HTTP client does; the connection ends behind the bytes. */
export function readResponseWithNode(bytes: Uint8Array): ResponseReading & { readonly code: string } {
  const parser = new HTTPParser();
  const messages: ResponseMessage[] = [];
  let fields: string[] = [];
  let head = { status: 0, minor: 0 };
  let body = '';
  let open = false;
  const whole = (): boolean => (messages.at(-1)?.status ?? 0) >= 200;
  parser.initialize(HTTPParser.RESPONSE, {}, 1024 * 1024, HTTPParser.kLenientNone);
  parser[HTTPParser.kOnHeaders] = (more: string[]) => {
    if (!open) fields.push(...more);
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    minor: number,
    rest: string[] | undefined,
    _method: unknown,
    _url: unknown,
    status: number,
  ) => {
    if (rest !== undefined) fields.push(...rest);
    head = { status, minor };
    open = true;
    return 0;
  };
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    body += piece.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (!whole()) messages.push({ ...head, fields: pairs(fields), body });
    fields = [];
    body = '';
    open = false;
  };
  const outcome = parser.execute(Buffer.from(bytes));
  const error = outcome instanceof Error ? outcome : parser.finish();
  // What is behind the final response is no concern of it.
  if (whole()) return { messages, end: 'whole', code: '' };
  if (outcome instanceof Error) return { messages, end: 'refused', code: codeOf(outcome) };
  return { messages, end: 'incomplete', code: error instanceof Error ? codeOf(error) : '' };
}
