/** Up to this many bytes are copied faster one by one than by a call out of compiled code. */
const SHORT = 128;

/** Copies memory[start, end) to `to`; the two ranges may overlap. */
export function copyWithin(memory: Uint8Array, to: number, start: number, end: number): void {
  if (end - start > SHORT) {
    memory.copyWithin(to, start, end);
  } else if (to <= start) {
    for (let from = start; from < end; from++) memory[to++] = memory[from]!;
  } else {
    let at = to + (end - start);
    for (let from = end - 1; from >= start; from--) memory[--at] = memory[from]!;
  }
}
