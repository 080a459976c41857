import type { DesyncMode } from '@evenkeel/model/plan/http.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { ConnectionOption } from './connection-options.ts';
import { Field } from './field-names.ts';
import { eachListElement, equalsIgnoringCase } from './fields.ts';
import { HeadError } from './head-error.ts';
import { Method } from './method.ts';
import type { RequestHead } from './request-head.ts';

/**
 * Request smuggling lives on two servers in a row that see two different ends of one request. Three classes of what
 * could lead there, after those that other load balancers know:
 *
 * - severe: no request by RFC 9112, or one whose end is in doubt. Refused in every mode, and the connection closed.
 * - ambiguous: has one meaning here, but there are servers that find another one. Nothing else is ever sent on the
 *   target's connection that carried it. `defensive` closes the client's connection behind it as well.
 * - acceptable: by the letter, and seldom sent by anything but tests and attacks.
 *
 * `monitor` and `defensive` pass the ambiguous and the acceptable on, `strict` refuses both. All are counted.
 */
export const Desync = {
  // Severe: by the error that the parsers find.
  requestLine: 0,
  version: 1,
  fieldName: 2,
  fieldValue: 3,
  lineEnd: 4,
  hostMissing: 5,
  hostRepeated: 6,
  hostInvalid: 7,
  contentLengthInvalid: 8,
  contentLengthRepeated: 9,
  lengthAndTransferEncoding: 10,
  transferEncodingInvalid: 11,
  transferEncodingUnknown: 12,
  targetInvalid: 13,
  targetConflict: 14,
  chunk: 15,
  // Ambiguous.
  /** GET or HEAD with a body: there are servers that take it for the next request. */
  unexpectedBody: 16,
  /** A body together with `Upgrade`: there are servers that take it for the new protocol. */
  upgradeWithBody: 17,
  /** `Connection` names a field that the message cannot do without. */
  connectionNamesFraming: 18,
  /** White space around a length or a coding that servers read in different ways. */
  framingWhiteSpace: 19,
  /** `Content_Length` and the like: servers that turn `-` into `_` take it for the real one. It does not go on. */
  lookalikeField: 20,
  // Acceptable.
  /** GET or HEAD with a length of 0. */
  zeroLength: 21,
  /** A target with scheme and authority, which agree with Host. */
  absoluteForm: 22,
} as const;
export type Desync = (typeof Desync)[keyof typeof Desync];

/** By reason, as in metrics and logs. */
export const DESYNC_REASONS: readonly string[] = Object.entries(Desync)
  .sort(([, a], [, b]) => a - b)
  .map(([name]) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));

const FIRST_AMBIGUOUS = Desync.unexpectedBody;
const FIRST_ACCEPTABLE = Desync.zeroLength;

/** Reasons as bits of a number, so that one request can have several. */
export const AMBIGUOUS_BITS = (1 << FIRST_ACCEPTABLE) - (1 << FIRST_AMBIGUOUS);

const LENGTH_BIT = 1 << Field.contentLength;
const LOOKALIKE_BIT = 1 << Field.lookalike;
const UPGRADE_BIT = 1 << Field.upgrade;
const DOUBTED_BITS = LENGTH_BIT | LOOKALIKE_BIT | (1 << Field.transferEncoding);

/** Reason by error of the parsers; -1 for limits and other refusals that leave nothing in doubt. */
const REASON_OF_ERROR: readonly number[] = Object.entries(HeadError)
  .sort(([, a], [, b]) => a - b)
  .map(([name]) => (Desync as Readonly<Record<string, number>>)[name] ?? -1);

export function severeReason(error: HeadError): number {
  return REASON_OF_ERROR[error]!;
}

/** Bits of the reasons to doubt a request that the parser has taken; 0 for nearly all. */
export function doubtsOf(memory: Uint8Array, head: RequestHead): number {
  const { known } = head.fields;
  const isUsual =
    (known & DOUBTED_BITS) === 0 &&
    (head.connectionOptions & ConnectionOption.names) === 0 &&
    head.pathStart === head.targetStart;
  return isUsual ? 0 : lookClosely(memory, head, known);
}

/** Counts each of the reasons in a listener's row. */
export function countDoubts(cells: Float64Array, doubts: number): void {
  for (let rest = doubts; rest !== 0; rest &= rest - 1) cells[ListenerCell.desync + firstReason(rest)]!++;
}

/** Whether the mode refuses a request with these reasons to doubt it. */
export function isRefused(mode: DesyncMode, doubts: number): boolean {
  return mode === 'strict' && doubts !== 0;
}

/** Whether the mode closes the client's connection behind a request with these reasons to doubt it. */
export function closesClient(mode: DesyncMode, doubts: number): boolean {
  return mode !== 'monitor' && (doubts & AMBIGUOUS_BITS) !== 0;
}

/** The gravest of the reasons, -1 for none: what the log says. */
export function firstReason(doubts: number): number {
  return doubts === 0 ? -1 : 31 - Math.clz32(doubts & -doubts);
}

function lookClosely(memory: Uint8Array, head: RequestHead, known: number): number {
  let doubts = 0;
  const hasBody = head.chunked || head.contentLength > 0;
  if (head.method === Method.get || head.method === Method.head) {
    if (hasBody) doubts |= 1 << Desync.unexpectedBody;
    else if (head.contentLength === 0) doubts |= 1 << Desync.zeroLength;
  }
  if (hasBody && (known & UPGRADE_BIT) !== 0) doubts |= 1 << Desync.upgradeWithBody;
  if (head.fields.straightened) doubts |= 1 << Desync.framingWhiteSpace;
  if ((known & LOOKALIKE_BIT) !== 0) doubts |= 1 << Desync.lookalikeField;
  if ((head.connectionOptions & ConnectionOption.names) !== 0 && namesIndispensable(memory, head)) {
    doubts |= 1 << Desync.connectionNamesFraming;
  }
  if (head.pathStart !== head.targetStart) doubts |= 1 << Desync.absoluteForm;
  return doubts;
}

/** Whether `Connection` names one of the fields that the message cannot do without. */
function namesIndispensable(memory: Uint8Array, { fields }: RequestHead): boolean {
  const isOther = (start: number, end: number): boolean =>
    !INDISPENSABLE.some((name) => equalsIgnoringCase(memory, start, end, name));
  for (let i = 0; i < fields.count; i++) {
    if (fields.code(i) !== Field.connection) continue;
    if (!eachListElement(memory, fields.valueStart(i), fields.valueEnd(i), isOther)) return true;
  }
  return false;
}

/** Fields on which the meaning of a message hangs; in lower case. */
const INDISPENSABLE: readonly string[] = ['host', 'content-length', 'transfer-encoding', 'trailer', 'expect', 'cookie'];
