const NEW_LINE = 10;

/** Where the last whole line ends that still goes into `most` bytes from `start` on; of a longer line, where that ends. */
export function endOfLines(lines: Uint8Array, start: number, most: number): number {
  if (lines.length - start <= most) return lines.length;
  const last = lines.lastIndexOf(NEW_LINE, start + most - 1) + 1;
  return last > start ? last : lines.indexOf(NEW_LINE, start) + 1 || lines.length;
}
