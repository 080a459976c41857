import { type AddressRange, addressNumber } from '@evenkeel/model/address-range.ts';

/** Addresses in order, so that those of a range are counted without looking at the others. */
export class AddressCounts {
  readonly #numbers: Readonly<Record<4 | 6, readonly bigint[]>>;

  constructor(addresses: Iterable<string>) {
    const numbers: Record<4 | 6, bigint[]> = { 4: [], 6: [] };
    for (const address of addresses) {
      const { family, number } = addressNumber(address)!;
      numbers[family].push(number);
    }
    const inOrder = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
    this.#numbers = { 4: numbers[4].sort(inOrder), 6: numbers[6].sort(inOrder) };
  }

  within({ family, first, last }: AddressRange): number {
    return this.#below(family, last + 1n) - this.#below(family, first);
  }

  /** How many there are with a smaller number. */
  #below(family: 4 | 6, bound: bigint): number {
    const numbers = this.#numbers[family];
    let [low, high] = [0, numbers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numbers[middle]! < bound) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
