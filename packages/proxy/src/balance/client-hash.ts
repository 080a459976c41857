import { hashText } from '@evenkeel/model/hashing/murmur3.ts';

const SEED = 0x5eed_c11e;

/** The number under which source-IP hash knows a client: the same for the same address on every node. 0 … 2^32 − 1. */
export function clientHash(address: string): number {
  return hashText(address, SEED);
}
