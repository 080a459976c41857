export interface PortPrefix {
  readonly port: number;
  /** How many of its first bits count, 0 … 16. */
  readonly bits: number;
}

/** The fewest prefixes that cover the ports from `first` to `last` and no other: 30 at most. */
export function portPrefixes(first: number, last: number): PortPrefix[] {
  const prefixes: PortPrefix[] = [];
  for (let port = first; port <= last; ) {
    // As many ports as the alignment of the first allows and the end leaves.
    let size = port === 0 ? 0x10000 : port & -port;
    while (port + size - 1 > last) size /= 2;
    prefixes.push({ port, bits: 16 - Math.log2(size) });
    port += size;
  }
  return prefixes;
}
