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

/** The prefixes of one range of ports that are not among those of the others. */
export function prefixesOfNone(
  others: readonly { readonly port: number; readonly lastPort: number }[],
  { port: first, lastPort: last }: { readonly port: number; readonly lastPort: number },
): PortPrefix[] {
  const nameOf = ({ port, bits }: PortPrefix) => `${port}/${bits}`;
  const taken = new Set(others.flatMap(({ port, lastPort }) => portPrefixes(port, lastPort).map(nameOf)));
  return portPrefixes(first, last).filter((prefix) => !taken.has(nameOf(prefix)));
}
