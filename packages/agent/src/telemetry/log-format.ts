import {
  isLogFormatFault,
  type LogFormatPart,
  type LogVariable,
  parseLogFormat,
} from '@evenkeel/model/access-log-format.ts';
import { LOG_VALUES, type LogRecord } from './log-values.ts';

/** Bytes of a line, whatever a template asks for; longer ones are cut off. */
const LONGEST = 64 * 1_024;

const NEW_LINE = 10;

/** Variables whose values are words of clients. */
const WORDS_OF_CLIENTS: ReadonlySet<LogVariable> = new Set([
  'request',
  'request_method',
  'request_uri',
  'uri',
  'args',
  'host',
  'http_host',
  'http_user_agent',
  'http_referer',
  'request_id',
  'ssl_server_name',
]);

/** Makes the text of one line. */
type Format = (line: LogRecord) => string;

/** `listenerId` as the log has it; null: lines of this listener stay JSON. */
export type FormatOf = (listenerId: string) => string | null;

/**
 * Gives lines of the access log the format that their listeners want. The workers write JSON, and lines that are to stay
 * so are not looked at: while nobody wants anything else, this costs nothing. Each template is compiled once.
 */
export class LogFormatter {
  readonly #formats = new Map<string, Format>();

  /** `lines` in the formats of their listeners; the same bytes when all of them stay as they are. */
  format(lines: Uint8Array, formatOf: FormatOf): Uint8Array {
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
    const made: Uint8Array[] = [];
    let changed = false;
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(NEW_LINE, start) + 1 || bytes.length;
      const line = this.#formatLine(bytes.subarray(start, end), formatOf);
      changed ||= line !== null;
      made.push(line ?? bytes.subarray(start, end));
      start = end;
    }
    return changed ? Buffer.concat(made) : lines;
  }

  #formatLine(line: Buffer, formatOf: FormatOf): Uint8Array | null {
    const parsed = JSON.parse(line.toString('latin1')) as LogRecord;
    const wanted = formatOf(String(parsed['listener']));
    const format = wanted === null ? null : this.#compiled(wanted);
    if (format === null) return null;
    return Buffer.from(`${format(parsed).slice(0, LONGEST - 1)}\n`, 'latin1');
  }

  #compiled(format: string): Format | null {
    let compiled = this.#formats.get(format) ?? null;
    if (compiled === null) {
      compiled = compileLogFormat(format);
      // Templates of listeners that are gone are not worth keeping account of.
      if (this.#formats.size >= MOST_FORMATS) this.#formats.clear();
      if (compiled !== null) this.#formats.set(format, compiled);
    }
    return compiled;
  }
}

const MOST_FORMATS = 256;

/** What makes lines of a format; null for JSON, and for a format that this version does not know. */
export function compileLogFormat(format: string): Format | null {
  const parts = parseLogFormat(format);
  if (parts === null || isLogFormatFault(parts)) return null;
  const pieces = parts.map((part, index): Format => {
    if ('text' in part) return () => part.text;
    const value = LOG_VALUES[part.variable];
    const unsafe = unsafeIn(part.variable, parts[index + 1]);
    return (line) => written(value(line), unsafe);
  });
  return (line) => {
    let text = '';
    for (const piece of pieces) text += piece(line);
    return text;
  };
}

/**
 * What is not written as it is: nothing in a value can end a line or a quotation early, nor what a client has said the
 * field that it stands in, by the sign that is behind it.
 */
function unsafeIn(variable: LogVariable, behind: LogFormatPart | undefined): RegExp {
  const text = behind !== undefined && 'text' in behind ? behind.text : '';
  const sign = WORDS_OF_CLIENTS.has(variable) ? /^[^ \tA-Za-z0-9]/.exec(text) : null;
  return new RegExp(`["\\\\${sign === null ? '' : `\\${sign[0]}`}]|[^ -~]`, 'g');
}

/** What is unsafe is written as `\xXX`. */
function written(value: string, unsafe: RegExp): string {
  if (value === '') return '-';
  return value.replace(
    unsafe,
    (character) => `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
