import type { DateLine } from '../../http1/date-line.ts';
import type { InsertBlock } from '../../http1/insert-block.ts';
import { REASON_PHRASES } from '../../http1/reason-phrases.ts';
import type { HeaderEdits } from './header-edits.ts';
import { fieldBytes } from './header-template.ts';
import type { VariableValues } from './variables.ts';

const LINE_END = Uint8Array.of(13, 10);

/** Statuses whose answers have no body, and tell no length of one (RFC 9110 sections 6.4.1 and 8.6). */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** A field of an answer; the name as it is sent. */
export interface AnswerField {
  readonly name: string;
  readonly write: (out: InsertBlock) => boolean;
}

/** Writes the head of an answer that the proxy gives by itself; false: there is no room for it. */
export function writeAnswerHead(
  out: InsertBlock,
  date: DateLine,
  status: number,
  keepAlive: boolean,
  bodyLength: number,
  fields: readonly AnswerField[],
  edits: HeaderEdits | null,
  values: VariableValues,
): boolean {
  out.clear();
  out.text(`HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? 'Unknown'}\r\n`);
  if (edits?.namesDate !== true) out.constant(date.now);
  for (const { name, write } of [SERVER, ...fields]) {
    if (edits?.removed.has(name.toLowerCase()) === true) continue;
    out.text(`${name}: `);
    if (!write(out) || out.room < 2) return false;
    out.bytes(LINE_END);
  }
  if (edits !== null && !edits.write(out, values)) return false;
  if (out.room < 128) return false;
  if (!hasNoBody(status)) out.text(`Content-Length: ${bodyLength}\r\n`);
  out.text(keepAlive ? 'Connection: keep-alive\r\n\r\n' : 'Connection: close\r\n\r\n');
  return true;
}

const SERVER: AnswerField = {
  name: 'Server',
  write: (out) => {
    out.text('evenkeel');
    return true;
  },
};

/** A field whose value is known. */
export function answerField(name: string, value: string | Uint8Array): AnswerField {
  const bytes = typeof value === 'string' ? fieldBytes(value) : value;
  return {
    name,
    write: (out) => {
      if (bytes.length > out.room) return false;
      out.bytes(bytes);
      return true;
    },
  };
}
