import { copyWithin } from './copy.ts';
import { MAX_FIELDS } from './fields.ts';

/**
 * Changes a head where it lies: lines are taken out, and one block of new lines is put behind the first line. The bytes
 * behind the head (the body that came with it) stay where they are; the head's start moves, into the buffer's headroom
 * when it grows. So a request goes on in the buffer that it arrived in, with one copy of little more than its first line.
 */
export class HeadEdit {
  #count = 0;
  #lineEnd = 0;
  #lineMoved = 0;
  readonly #removed = new Int32Array(MAX_FIELDS * 2);

  clear(): void {
    this.#count = 0;
  }

  /** Marks memory[start, end) for removal. Ranges come in rising order and lie behind the first line. */
  remove(start: number, end: number): void {
    this.#removed[this.#count] = start;
    this.#removed[this.#count + 1] = end;
    this.#count += 2;
  }

  /**
   * Carries the edit out on the head memory[start, end), whose first line ends at `lineEnd`; the new lines are
   * memory[insertStart, insertEnd), outside the head. Returns the new start. The caller makes sure that
   * inserted - removed <= the free bytes in front of `start`.
   */
  apply(
    memory: Uint8Array,
    start: number,
    lineEnd: number,
    end: number,
    insertStart: number,
    insertEnd: number,
  ): number {
    let shift = 0;
    let keptEnd = end;
    // From the back: each kept block moves right over what was removed behind it.
    for (let i = this.#count - 2; i >= 0; i -= 2) {
      const removedStart = this.#removed[i]!;
      const removedEnd = this.#removed[i + 1]!;
      if (shift > 0) copyWithin(memory, removedEnd + shift, removedEnd, keptEnd);
      shift += removedEnd - removedStart;
      keptEnd = removedStart;
    }
    if (shift > 0 && keptEnd > lineEnd) copyWithin(memory, lineEnd + shift, lineEnd, keptEnd);
    const moved = shift - (insertEnd - insertStart);
    this.#lineEnd = lineEnd;
    this.#lineMoved = moved;
    if (moved !== 0) copyWithin(memory, start + moved, start, lineEnd);
    if (insertEnd > insertStart) copyWithin(memory, lineEnd + moved, insertStart, insertEnd);
    return start + moved;
  }

  /** How far the last `apply` has moved the byte that was at `offset` and was kept: positive is towards the end. */
  movedBy(offset: number): number {
    if (offset < this.#lineEnd) return this.#lineMoved;
    let shift = 0;
    for (let i = this.#count - 2; i >= 0 && this.#removed[i]! > offset; i -= 2) {
      shift += this.#removed[i + 1]! - this.#removed[i]!;
    }
    return shift;
  }
}
