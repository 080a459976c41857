import type { KernelMap } from '../loader/kernel-map.ts';
import { addressBytes, isMappedIPv4 } from './address.ts';
import { numberKey } from './layout.ts';

/** As in bpf/consts.h. */
const BUCKETS_BITS = 19n;
const BUCKET_WAYS = 8;
/** Of `enum family` in bpf/packet.h. */
const FAMILIES = { ipv4: 1n, ipv6: 2n } as const;
const IN_64_BITS = 2n ** 64n - 1n;

/** A source of packets to a listener: `number` and `hashSeed` are the listener's. */
export interface Sender {
  readonly client: string;
  readonly number: number;
  readonly hashSeed: number;
}

/** When the next packet and the next connection of a source would be due if they came evenly, on the clock of the kernel. */
export interface SourceBucket {
  readonly place: Buffer;
  readonly packetsDue: bigint;
  readonly flowsDue: bigint;
}

/** Where the bucket of a source may be, in the order in which bpf/limits.h looks for it. */
export function bucketPlaces(sender: Sender): Buffer[] {
  const { network, owner } = idOf(sender);
  let hash = network ^ product(owner + BigInt(sender.hashSeed), 0x9e37_79b9_7f4a_7c15n);
  hash = product(hash ^ (hash >> 33n), 0xff51_afd7_ed55_8ccdn);
  hash = product(hash ^ (hash >> 33n), 0xc4ce_b9fe_1a85_ec53n);
  const first = Number(hash >> (64n - BUCKETS_BITS));
  return Array.from({ length: BUCKET_WAYS }, (_, way) => numberKey(first ^ way));
}

/** null: the source has none, which is as good as a full one. */
export function findBucket(buckets: Pick<KernelMap, 'get'>, sender: Sender): SourceBucket | null {
  const { network, owner } = idOf(sender);
  for (const place of bucketPlaces(sender)) {
    const bucket = buckets.get(place);
    if (bucket === null || bucket.readBigUInt64LE(0) !== network || bucket.readBigUInt64LE(8) !== owner) continue;
    return { place, packetsDue: bucket.readBigUInt64LE(16), flowsDue: bucket.readBigUInt64LE(24) };
  }
  return null;
}

/** A subscriber of IPv6 has a network of 64 bits at least, so its addresses have one bucket. */
function idOf({ client, number }: Sender) {
  const address = addressBytes(client);
  return isMappedIPv4(address)
    ? { network: BigInt(address.readUInt32LE(12)), owner: (FAMILIES.ipv4 << 32n) | BigInt(number) }
    : { network: address.readBigUInt64LE(0), owner: (FAMILIES.ipv6 << 32n) | BigInt(number) };
}

function product(one: bigint, other: bigint): bigint {
  return (one * other) & IN_64_BITS;
}
