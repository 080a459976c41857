import type { ProbeOutcome } from '../../health/outcome.ts';

/**
 * Reads what a target answers and says when that is enough for a verdict. One reader serves many exchanges, one after the
 * other; the outcomes of success are made once.
 */
export interface AnswerReader {
  /** A new exchange begins. */
  reset(): void;
  /** Reads bytes[start, end); null: more is needed. */
  read(bytes: Uint8Array, start: number, end: number): ProbeOutcome | null;
  /** What is to be sent before more is read; null: nothing. Asked for once after each `read`. */
  reply(): Uint8Array | null;
  /** The target has ended its side before there was a verdict; null: that is a failure like any other. */
  ended(): ProbeOutcome | null;
  /**
   * Whether what was read last made the answer whole and nothing has come behind it, so that the connection can carry
   * another exchange. Only what is certain counts.
   */
  readonly whole: boolean;
}

export const NO_BYTES = new Uint8Array(0);
