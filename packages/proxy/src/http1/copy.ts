import { WordView } from './scan.ts';

/** Up to this many bytes are copied faster here than by a call out of compiled code. */
const SHORT = 192;

const words = new WordView();

/** Copies memory[start, end) to `to`; the two ranges may overlap. */
export function copyWithin(memory: Uint8Array, to: number, start: number, end: number): void {
  if (end - start > SHORT) memory.copyWithin(to, start, end);
  else if (to <= start) copyForwards(memory, to, start, end);
  else copyBackwards(memory, to + (end - start), start, end);
}

/** Four bytes at a time: what is written lies behind all that is still to be read, also within one word. */
function copyForwards(memory: Uint8Array, to: number, start: number, end: number): void {
  words.of(memory);
  const { view } = words;
  let from = start;
  for (; from + 4 <= end; from += 4, to += 4) view.setInt32(to, view.getInt32(from, true), true);
  while (from < end) memory[to++] = memory[from++]!;
}

/** The same from the last byte on; `to` is where the copy ends. */
function copyBackwards(memory: Uint8Array, to: number, start: number, end: number): void {
  words.of(memory);
  const { view } = words;
  let from = end;
  while (from - 4 >= start) {
    from -= 4;
    to -= 4;
    view.setInt32(to, view.getInt32(from, true), true);
  }
  while (from > start) memory[--to] = memory[--from]!;
}
