import type { Message, Reading } from './message.ts';
import { codeOf, HTTPParser, methods, pairs } from './node-parser.ts';

/** Methods that Node's parser knows; it refuses all others. */
export const NODE_METHODS: ReadonlySet<string> = new Set(methods);

export interface NodeReading extends Reading {
  /** Node's code for what it refused. */
  readonly code: string;
  /** It saw an upgrade or CONNECT, behind which bytes mean something else. */
  readonly upgraded: boolean;
}

/** Reads a stream of requests as Node's HTTP server does, with `insecureHTTPParser` off. */
export function readWithNode(bytes: Uint8Array): NodeReading {
  const parser = new HTTPParser();
  const messages: Message[] = [];
  let fields: string[] = [];
  let url = '';
  let head = { method: '', minor: 0 };
  let body = '';
  let open = false;
  let upgraded = false;
  parser.initialize(HTTPParser.REQUEST, {}, 1024 * 1024, HTTPParser.kLenientNone);
  // Long heads come in pieces; behind the head, pieces are trailers.
  parser[HTTPParser.kOnHeaders] = (more: string[], moreUrl: string) => {
    if (open) return;
    fields.push(...more);
    url += moreUrl;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    minor: number,
    rest: string[] | undefined,
    method: number,
    wholeUrl: string | undefined,
    _status: unknown,
    _message: unknown,
    upgrade: boolean,
  ) => {
    if (rest !== undefined) fields.push(...rest);
    if (wholeUrl !== undefined) url = wholeUrl;
    head = { method: methods[method]!, minor };
    open = true;
    upgraded ||= upgrade;
    return upgrade ? 2 : 0;
  };
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    body += piece.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    messages.push({ ...head, target: url, fields: pairs(fields), body });
    fields = [];
    url = '';
    body = '';
    open = false;
  };
  const outcome = parser.execute(Buffer.from(bytes));
  if (outcome instanceof Error) return { messages, end: 'refused', code: codeOf(outcome), upgraded };
  const ending = upgraded ? undefined : parser.finish();
  if (ending instanceof Error || open) return { messages, end: 'incomplete', code: '', upgraded };
  return { messages, end: 'whole', code: '', upgraded };
}
