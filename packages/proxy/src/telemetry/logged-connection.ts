import type { AsciiSegment } from './ascii-segment.ts';

/** What the log knows of a client's connection, and says with each of its requests. */
export class LoggedConnection {
  /** Its number; 0: not given yet. */
  connection = 0;
  /** Round trip to the client in microseconds, as last asked; -1: not known. */
  roundTrip = -1;
  /** Lines that have been written for it, and what they say of its two ends. */
  lines = 0;
  ends: AsciiSegment | null = null;

  /** The connection speaks for another client now. */
  forgetEnds(): void {
    this.ends = null;
  }
}
