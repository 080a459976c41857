import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import { DESYNC_REASONS, doubtsOf, firstReason, isRefused } from '../http1/desync.ts';
import { HeadError, STATUS_OF_HEAD_ERROR } from '../http1/head-error.ts';
import { RequestHead } from '../http1/request-head.ts';
import { Client } from '../source-address/client.ts';
import type { JudgingRoom } from './judging-room.ts';

/** A request that was made of a question, read as one that came over the network. */
export interface MadeRequest {
  /** Meaningful only when it is not refused. */
  readonly head: RequestHead;
  readonly client: Client;
  /** The status with which it is refused before any rule is asked; 0: it is not. */
  readonly refused: number;
  /** Why, in words; empty when it is not. */
  readonly why: string;
}

export function makeRequest(question: ExplainQuestion, planned: PlannedListener, room: JudgingRoom): MadeRequest {
  const { method, host, path, headers, cookies } = question;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(host === '' ? [] : [`Host: ${host}`]),
    ...headers,
    ...(cookies.length === 0 ? [] : [`Cookie: ${cookies.join('; ')}`]),
  ];
  const place = room.place(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
  const head = new RequestHead();
  const client = clientOf(question, planned);
  const error = place === null ? HeadError.headTooLarge : head.parse(room.memory, place.start, place.end);
  if (error !== HeadError.none) return { head, client, ...refusalOf(error) };
  client.resolve(planned, room.memory, head);
  const doubts = doubtsOf(room.memory, head);
  const mode = planned.http?.desyncMode ?? 'defensive';
  if (doubts !== 0 && isRefused(mode, doubts)) {
    const why = `the desync mode ${mode} refuses it: ${DESYNC_REASONS[firstReason(doubts)]}`;
    return { head, client, refused: 400, why };
  }
  return { head, client, refused: 0, why: '' };
}

/** Whoever connects, to the first address of the listener. */
export function clientOf({ source }: ExplainQuestion, planned: PlannedListener): Client {
  const localAddress = planned.addresses[0] ?? '';
  return new Client(planned, { remoteAddress: source, remotePort: 0, localAddress, localPort: planned.port });
}

function refusalOf(error: HeadError): { refused: number; why: string } {
  const name = Object.entries(HeadError).find(([, value]) => value === error)?.[0] ?? '';
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return { refused: STATUS_OF_HEAD_ERROR[error] || 400, why: `it is no request that can be accepted: ${words}` };
}
