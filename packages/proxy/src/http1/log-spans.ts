import type { RequestRecord } from '../telemetry/request-record.ts';
import { ConnectionOption } from './connection-options.ts';
import type { RequestHead } from './request-head.ts';

/** Where bytes of a head have gone; see `HeadRewriter.movedBy`. */
interface Moves {
  movedBy(offset: number): number;
}

/** The head lies where it came. */
export const UNMOVED: Moves = { movedBy: () => 0 };

/** Tells the record where the words of a request lie, once its head has been rewritten, if it has. */
export function rememberSpans(record: RequestRecord, head: RequestHead, rewriter: Moves): void {
  const { fields, remembered } = head;
  const lineMoved = rewriter.movedBy(head.methodStart);
  record.methodStart = head.methodStart + lineMoved;
  record.methodEnd = head.methodEnd + lineMoved;
  record.targetStart = head.targetStart + lineMoved;
  record.targetEnd = head.targetEnd + lineMoved;
  // Fields that are named by Connection are gone, whatever was logged of the same ones elsewhere.
  if ((head.connectionOptions & ConnectionOption.names) === 0) record.remembered = remembered;
  const { sentTarget } = head;
  if (sentTarget !== null) {
    record.sentTarget = new DataView(sentTarget.buffer, sentTarget.byteOffset, sentTarget.length);
  }
  if (head.requestId >= 0) {
    const moved = rewriter.movedBy(fields.nameStart(head.requestId));
    record.requestIdStart = fields.valueStart(head.requestId) + moved;
    record.requestIdEnd = fields.valueEnd(head.requestId) + moved;
  }
  if (record.remembered !== null && record.remembered.logged !== null) return;
  if (head.host >= 0) {
    const moved = rewriter.movedBy(fields.nameStart(head.host));
    record.hostStart = fields.valueStart(head.host) + moved;
    record.hostEnd = fields.valueEnd(head.host) + moved;
  }
  if (head.userAgent >= 0) {
    const moved = rewriter.movedBy(fields.nameStart(head.userAgent));
    record.agentStart = fields.valueStart(head.userAgent) + moved;
    record.agentEnd = fields.valueEnd(head.userAgent) + moved;
  }
  if (head.referer >= 0) {
    const moved = rewriter.movedBy(fields.nameStart(head.referer));
    record.refererStart = fields.valueStart(head.referer) + moved;
    record.refererEnd = fields.valueEnd(head.referer) + moved;
  }
}
