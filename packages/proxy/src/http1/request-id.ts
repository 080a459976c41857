import type { PlannedHttp, RequestIdMode } from '@evenkeel/model/plan/http.ts';
import type { RequestIds } from '../telemetry/request-ids.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { Field } from './field-names.ts';
import type { InsertBlock } from './insert-block.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

/** Longest identifier of a client's that is passed on; a longer one is replaced. */
const LONGEST = 128;

/** Bytes by which a head grows: the name, a text of 32 digits, and the line's end. */
export const REQUEST_ID_GROWTH = 48;

const REQUEST_ID_BIT = 1 << Field.requestId;

function modeOf(http: PlannedHttp | null): RequestIdMode {
  return http?.requestId ?? 'errors';
}

/** Whether the request goes on with an identifier of ours: it has none, or one that nobody vouches for. */
export function wantsOwnId(http: PlannedHttp | null, memory: Uint8Array, head: RequestHead, trusted: boolean): boolean {
  if (http === null || http.requestId !== 'always') return false;
  const { requestId, fields } = head;
  return !trusted || requestId < 0 || !isUsable(memory, fields.valueStart(requestId), fields.valueEnd(requestId));
}

/** The field line with the identifier of this number. */
export function requestIdLine(ids: RequestIds, id: number): string {
  return `X-Request-ID: ${ids.text(id)}\r\n`;
}

/** The line for a target's response, in front of `others`; `others` when it has none, or the response has its own. */
export function withRequestId(
  http: PlannedHttp | null,
  record: RequestRecord,
  memory: Uint8Array,
  ids: RequestIds,
  head: ResponseHead,
  others: string | null,
): string | null {
  if (http === null || http.requestId !== 'always' || (head.fields.known & REQUEST_ID_BIT) !== 0) return others;
  const line = lineOf(record, memory, ids);
  return others === null ? line : line + others;
}

/** The line for an answer of the proxy's own; null: the client is not told. `byRule`: an answer that a rule gives. */
export function lineForAnswer(
  http: PlannedHttp | null,
  record: RequestRecord,
  memory: Uint8Array,
  ids: RequestIds,
  byRule: boolean,
): string | null {
  const mode = modeOf(http);
  return mode === 'always' || (mode === 'errors' && !byRule) ? lineOf(record, memory, ids) : null;
}

/** Puts one more line in front of the empty one that ends a head in `block`. */
export function addLine(block: InsertBlock, line: string): void {
  block.end -= 2;
  block.text(`${line}\r\n`);
}

/** What client and log are told alike: the client's own identifier where it counts, else one of ours. */
function lineOf(record: RequestRecord, memory: Uint8Array, ids: RequestIds): string {
  const { requestIdStart: start, requestIdEnd: end } = record;
  if (record.id === 0 && isUsable(memory, start, end)) {
    return `X-Request-ID: ${Buffer.from(memory.subarray(start, end)).toString('latin1')}\r\n`;
  }
  if (record.id === 0) record.id = ids.next();
  return requestIdLine(ids, record.id);
}

function isUsable(memory: Uint8Array, start: number, end: number): boolean {
  if (end <= start || end - start > LONGEST) return false;
  for (let at = start; at < end; at++) if (memory[at]! <= 0x20 || memory[at]! >= 0x7f) return false;
  return true;
}
