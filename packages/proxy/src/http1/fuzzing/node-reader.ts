import { createRequire } from 'node:module';
import type { Message, Reading } from './message.ts';

/** The part of Node's own binding to llhttp that is used here. It is no public interface, and so only for tests. */
interface LowLevelParser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  execute(bytes: Uint8Array): number | Error;
  finish(): Error | undefined;
  [callback: number]: unknown;
}
interface LowLevelParserClass {
  new (): LowLevelParser;
  readonly REQUEST: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  readonly kLenientNone: number;
}

const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common') as {
  HTTPParser: LowLevelParserClass;
  methods: readonly string[];
};

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

function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) result.push([flat[i]!, flat[i + 1]!]);
  return result;
}

function codeOf(error: Error): string {
  return `${'code' in error ? error.code : ''} ${'reason' in error ? error.reason : ''}`;
}
