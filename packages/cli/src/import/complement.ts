import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '@evenkeel/model/address.ts';

/** A block of addresses of one family: its first address and how many bits it fixes. */
interface Block {
  readonly first: bigint;
  readonly prefix: number;
}

interface Family {
  readonly width: number;
  readonly format: (address: bigint) => string;
}

const V4: Family = { width: 32, format: (address) => formatIPv4(Number(address)) };
const V6: Family = {
  width: 128,
  format: (address) =>
    formatIPv6(Array.from({ length: 8 }, (_, index) => Number((address >> BigInt(112 - 16 * index)) & 0xffffn))),
};

/** The CIDR blocks of both families that make up everything but these, which are in canonical form. */
export function complementOf(networks: readonly string[]): string[] {
  const blocks = networks.map(blockOf);
  return [
    ...outside({ first: 0n, prefix: 0 }, ofFamily(blocks, V4), V4),
    ...outside({ first: 0n, prefix: 0 }, ofFamily(blocks, V6), V6),
  ];
}

/** What of a block lies in none of the others: it is halved where one of them lies in it. */
function outside(block: Block, taken: readonly Block[], family: Family): string[] {
  const within = taken.filter((other) => overlaps(block, other, family));
  if (within.length === 0) return [`${family.format(block.first)}/${block.prefix}`];
  if (within.some((other) => other.prefix <= block.prefix)) return [];
  const prefix = block.prefix + 1;
  const second = block.first | (1n << BigInt(family.width - prefix));
  return [block.first, second].flatMap((first) => outside({ first, prefix }, within, family));
}

function overlaps(a: Block, b: Block, { width }: Family): boolean {
  const shift = BigInt(width - Math.min(a.prefix, b.prefix));
  return a.first >> shift === b.first >> shift;
}

function ofFamily(blocks: readonly (Block & { readonly family: Family })[], family: Family): Block[] {
  return blocks.filter((block) => block.family === family);
}

function blockOf(network: string): Block & { readonly family: Family } {
  const [address = '', prefix = ''] = network.split('/');
  const v4 = parseIPv4(address);
  if (v4 !== null) return { family: V4, first: BigInt(v4), prefix: Number(prefix) };
  const groups = parseIPv6(address) ?? [];
  const first = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
  return { family: V6, first, prefix: Number(prefix) };
}
