import { closePayload, type FrameOptions, frame, Opcode } from '../frame.ts';

/** One conversation: what a client sends, and how the server ends it. */
export interface WebSocketCase {
  /** Its number in the Autobahn test suite; with a letter behind it, one more of the same kind. */
  readonly id: string;
  readonly name: string;
  /** All that the client sends behind its handshake. Made when it is asked for: some cases are large. */
  readonly bytes: () => Buffer;
  /** Bytes that are sent at once; 0: all. */
  readonly piece: number;
  /** Status code of the server's close frame; null: a close frame without one. */
  readonly closes: number | null;
  /** What the client offers in Sec-WebSocket-Extensions; '': nothing. */
  readonly extensions: string;
}

export interface CaseOptions {
  readonly closes?: number | null;
  readonly piece?: number;
  readonly extensions?: string;
}

/** A case of these frames; they may come from a function when they are large. */
export function caseOf(
  id: string,
  name: string,
  frames: readonly FrameOptions[] | (() => readonly FrameOptions[]),
  { closes = 1000, piece = 0, extensions = '' }: CaseOptions = {},
): WebSocketCase {
  const all = typeof frames === 'function' ? frames : () => frames;
  return { id, name, bytes: () => Buffer.concat(all().map(frame)), piece, closes, extensions };
}

export const GOODBYE: FrameOptions = { opcode: Opcode.close, payload: closePayload(1000) };

/** How a case ends in which the client breaks the protocol. */
export const WRONG: CaseOptions = { closes: 1002 };
