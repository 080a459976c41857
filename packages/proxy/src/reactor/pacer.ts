/** Something whose bytes go out no faster than a pacer lets them: a connection. */
export interface Paced {
  /** Bytes that it would send now; 0: none any more. */
  readonly waitingToSend: number;
  /** Buffers that it keeps for them. */
  readonly waitingBuffers: number;
  /** It was in line, and its turn has come: it may send so many bytes. */
  granted(bytes: number): void;
}

/** Decides when the bytes of many connections go out. What is sent is never lost for it: whoever sends waits. */
export interface Pacer {
  /** Whether there is anything to ask. */
  readonly isLimited: boolean;
  /** Whoever is in line with so many bytes has enough for its turn: more would only lie here. */
  readonly enough: number;
  /**
   * How many of `bytes` (> 0) may go out at once; 0: none, and `granted` is called when it is `paced`'s turn. Whoever is
   * in line does not ask.
   */
  ask(paced: Paced, bytes: number): number;
  /** So many bytes that were allowed or granted are not sent. */
  giveBack(bytes: number): void;
}
