import { type BlockTableMemory, isUnused } from '@evenkeel/model/block-list/block-table.ts';
import type { IpAddress } from '../source-address/ip-address.ts';
import { BlockReader } from './block-reader.ts';

/** Where the two lists lie that are the deny list of the installation; null: it is not there. */
export interface DenialMemory {
  denied: BlockTableMemory | null;
  allowed: BlockTableMemory | null;
}

/** Who may not connect to any listener: those that are denied, but for those that are allowed all the same. */
export class DenialReader {
  readonly #denied: BlockReader;
  readonly #allowed: BlockReader | null;

  constructor(denied: BlockReader, allowed: BlockReader | null) {
    this.#denied = denied;
    this.#allowed = allowed;
  }

  has(address: IpAddress): boolean {
    return this.#denied.has(address) && this.#allowed?.has(address) !== true;
  }
}

/**
 * null: nobody is denied, and nobody has to ask. Whoever has put the first into an empty list has to say so. `now`:
 * milliseconds since 1970.
 */
export function denialsIn({ denied, allowed }: DenialMemory, now: () => number = Date.now): DenialReader | null {
  if (denied === null || isUnused(denied)) return null;
  return new DenialReader(new BlockReader(denied, now), allowed && new BlockReader(allowed, now));
}
