import {
  type AddressRange,
  addressNumber,
  addressText,
  isIn,
  networkRange,
  overlap,
  sizeOf,
} from '@evenkeel/model/address-range.ts';
import type { SubnetUsage } from '@evenkeel/model/resources/subnet.ts';
import type { AddressCounts } from './address-counts.ts';
import type { AnySubnet } from './default-network.ts';

/** Addresses of a subnet, and which of them are never given. */
export interface SubnetRoom {
  readonly range: AddressRange;
  /** Apart from each other, in order. */
  readonly reserved: readonly AddressRange[];
}

/** What everything else on a machine uses, wherever a subnet may be. */
const LOCALHOST = networkRange('127.0.0.1')!;

/**
 * The first address of a subnet is that of the network or, of IPv6, of all its routers (RFC 4291, section 2.6.1); the
 * last of IPv4 is that of all its hosts (RFC 919).
 */
export function roomOf({ cidr, gateway, reserved }: Pick<AnySubnet, 'cidr' | 'gateway' | 'reserved'>): SubnetRoom {
  const range = networkRange(cidr)!;
  const { family, first, last } = range;
  const blocks = [{ family, first, last: first }, LOCALHOST, ...reserved.map((text) => networkRange(text)!)];
  if (family === 4) blocks.push({ family, first: last, last });
  if (gateway !== null) blocks.push(networkRange(gateway)!);
  return { range, reserved: joined(blocks.filter((block) => overlap(block, range))) };
}

/**
 * The first free address after the number `after`, and before the first one it goes on with; null: none is free. Takes as
 * many steps as there are addresses in use, and not as there are in the subnet.
 */
export function nextFree({ range, reserved }: SubnetRoom, used: ReadonlySet<string>, after: bigint): string | null {
  const { family, first, last } = range;
  let candidate = after >= first && after < last ? after + 1n : first;
  // Each step passes one that is used or reserved; those that it began among may be passed twice.
  const steps = used.size + 2 * reserved.length + 2;
  for (let step = 0; step <= steps; step++) {
    if (candidate > last) candidate = first;
    const block = reserved.find((one) => candidate >= one.first && candidate <= one.last);
    if (block !== undefined) {
      candidate = block.last + 1n;
      continue;
    }
    const address = addressText(family, candidate);
    if (!used.has(address)) return address;
    candidate++;
  }
  return null;
}

/** Free addresses after the number `after`, in order; null: from the first. */
export function* freeAddresses(
  { range, reserved }: SubnetRoom,
  used: ReadonlySet<string>,
  after: bigint | null,
): Generator<string> {
  const { family, first, last } = range;
  const start = after === null || after < first ? first : after + 1n;
  for (let candidate = start; candidate <= last; candidate++) {
    const block = reserved.find((one) => candidate >= one.first && candidate <= one.last);
    if (block !== undefined) {
      candidate = block.last;
      continue;
    }
    const address = addressText(family, candidate);
    if (!used.has(address)) yield address;
  }
}

/** Why the address cannot be given; null: it can, if it is free. */
export function whyNotGiven({ range, reserved }: SubnetRoom, subnet: AnySubnet, address: string): string | null {
  const number = addressNumber(address);
  if (number === null || !isIn(range, number)) return `${address} is not in ${subnet.cidr}`;
  if (!reserved.some((block) => isIn(block, number))) return null;
  if (address === subnet.gateway) return `${address} is the gateway of subnet ${subnet.name}`;
  return `${address} is reserved in subnet ${subnet.name}`;
}

/** The addresses that can be given, in words. */
export function givenOf({ range, reserved }: SubnetRoom, { cidr }: AnySubnet): string {
  const shown = reserved.slice(0, 5).map(({ family, first, last }) => {
    return first === last ? addressText(family, first) : `${addressText(family, first)}-${addressText(family, last)}`;
  });
  if (reserved.length > shown.length) shown.push(`${reserved.length - shown.length} more blocks`);
  return sizeOf(range) === 1n ? cidr : `${cidr} without ${shown.join(', ')}`;
}

/** How many addresses of a subnet are given. */
export function usageOf({ range, reserved }: SubnetRoom, given: AddressCounts): SubnetUsage {
  const kept = reserved.reduce((sum, block) => sum + sizeOf(block), 0n);
  const used = reserved.reduce((sum, block) => sum - given.within(block), given.within(range));
  const total = sizeOf(range);
  return {
    total: shown(total),
    reserved: shown(kept),
    used: shown(BigInt(used)),
    free: shown(total - kept - BigInt(used)),
  };
}

/** What is more than numbers can tell of one by one is told as the most that they can. */
function shown(count: bigint): number {
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count);
}

/** In order, with those that touch or overlap made one. */
function joined(blocks: readonly AddressRange[]): AddressRange[] {
  const result: AddressRange[] = [];
  for (const block of blocks.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = result.at(-1);
    if (before === undefined || block.first > before.last + 1n) result.push(block);
    else if (block.last > before.last) result[result.length - 1] = { ...before, last: block.last };
  }
  return result;
}
