import { freemem } from 'node:os';
import { tell } from './concurrency.ts';
import { Crowd } from './crowd.ts';

const TARGETS = 11;
const FIRST = 100_000;
/** Packets of each connection in a sample, at the most, and of all connections, at the least. */
const MOST_TIMES = 50;
const PACKETS = 5_000_000;
/** Bytes for each connection, with some to spare. The bench counts what it was. */
const BYTES = 170;
/** Of the memory that is free. */
const SHARE = 0.9;

/** What NAT costs where it writes every connection down. */
export interface TableSize {
  readonly flows: number;
  /** A packet that begins a connection, and one that goes on, without what the crowd itself costs. */
  readonly opening: number;
  readonly following: number;
  readonly wrong: number;
  /** Connections that are written down at the end, and bytes of the table. */
  readonly written: number;
  readonly bytes: number;
}

export interface TableGrowth {
  readonly sizes: readonly TableSize[];
  /** Nanoseconds that a packet costs more with ten times as many connections: the least squares over all sizes. */
  readonly slope: number;
  /** Of memory, from the smallest size to the largest. */
  readonly bytesPerFlow: number;
  /** Connections that there was no memory for; 0: all had some. */
  readonly refused: number;
}

/** NAT to endpoints that several listeners share, with ever more connections, as many as memory allows or as told. */
export async function measureTableGrowth(flows: number): Promise<TableGrowth> {
  const room = (SHARE * freemem()) / BYTES;
  const sizes: TableSize[] = [];
  for (const size of sizesUpTo(Math.min(flows, Math.floor(room)))) sizes.push(await measure(size));
  return growthOf(sizes, flows);
}

/** Powers of ten, then what is left. */
export function sizesUpTo(most: number): number[] {
  const sizes = [];
  for (let size = FIRST; size < most; size *= 10) sizes.push(size);
  return [...sizes, most];
}

export function growthOf(sizes: readonly TableSize[], wanted: number): TableGrowth {
  const [first, last] = [sizes[0]!, sizes.at(-1)!];
  const added = last.flows - first.flows;
  const points = sizes.map(({ flows, following }) => [Math.log10(flows), following] as const);
  const [x, y] = [mean(points.map((point) => point[0])), mean(points.map((point) => point[1]))];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  const slope = spread === 0 ? 0 : points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread;
  const bytesPerFlow = added === 0 ? last.bytes / last.flows : (last.bytes - first.bytes) / added;
  return { sizes, slope, bytesPerFlow, refused: wanted - last.flows };
}

async function measure(flows: number): Promise<TableSize> {
  const crowd = Crowd.load({ flows, targets: TARGETS, exceptions: 65_536, mode: 'nat', shared: true });
  try {
    await crowd.begin();
    const times = Math.min(MOST_TIMES, Math.ceil(PACKETS / flows));
    const opening = crowd.run('SYN');
    const idle = crowd.run('idle', { times }).nanoseconds;
    const following = crowd.run('ACK', { times });
    tell(`nat, ${flows} connections written down; ${idle} ns of the crowd itself`, following);
    return {
      flows,
      opening: opening.nanoseconds - idle,
      following: following.nanoseconds - idle,
      wrong: opening.wrong + following.wrong,
      ...crowd.state(),
    };
  } finally {
    crowd.close();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
