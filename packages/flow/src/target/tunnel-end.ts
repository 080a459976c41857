import { addressBytes } from '../datapath/address.ts';
import { numberKey } from '../datapath/layout.ts';
import type { LoadedObject } from '../loader/object.ts';

/** Packets by what became of them. */
export interface Decapsulations {
  readonly decapsulated: bigint;
  /** To a VIP, from hosts that are no balancers. */
  readonly refused: bigint;
}

/** The maps of a target's end of tunnels (bpf/decapsulate.h). */
export class TunnelEnd {
  readonly #object: LoadedObject;

  constructor(object: LoadedObject) {
    this.#object = object;
  }

  /** Tunnels may contain packets to these addresses, and no others. */
  setVips(addresses: readonly string[]): void {
    this.#replace('tunnel_vips', addresses);
  }

  /** These hosts may send tunnels, and no others. */
  setBalancers(addresses: readonly string[]): void {
    this.#replace('tunnel_balancers', addresses);
  }

  counts(): Decapsulations {
    const [decapsulated, refused] = [0, 1].map((index) =>
      (this.#object.map('decapsulations').getPerCpu(numberKey(index)) ?? []).reduce(
        (total, bytes) => total + bytes.readBigUInt64LE(0),
        0n,
      ),
    );
    return { decapsulated: decapsulated!, refused: refused! };
  }

  /** What is wanted comes before anything goes, so that no packet of an address that stays is lost. */
  #replace(name: string, addresses: readonly string[]): void {
    const map = this.#object.map(name);
    const wanted = addresses.map(addressBytes);
    for (const key of wanted) map.set(key, numberKey(1));
    for (const key of [...map.keys()]) if (!wanted.some((other) => other.equals(key))) map.delete(key);
  }
}
