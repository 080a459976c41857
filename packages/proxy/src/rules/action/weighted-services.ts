import { finishHash } from '../index/byte-hash.ts';

/** Not that of source-IP hash: who goes to the new version must not decide on the target there. */
const SPACE = 0x7a11;

/**
 * Services by weight, of which a client always gets the same one: its hash is a place on a line on which each service
 * has a stretch as long as its weight. Rules with the same weights agree on a client; when a weight grows, those who are
 * there stay as far as the stretches allow.
 */
export class WeightedServices<S> {
  readonly #services: readonly S[];
  /** By service: where its stretch ends. */
  readonly #ends: readonly number[];
  readonly #total: number;

  constructor(services: readonly { readonly service: S; readonly weight: number }[]) {
    let total = 0;
    this.#services = services.map(({ service }) => service);
    this.#ends = services.map(({ weight }) => {
      total += weight;
      return total;
    });
    this.#total = total;
  }

  /** The service for a client; null when none has a weight. */
  pick(clientHash: number): S | null {
    const services = this.#services;
    if (this.#total === 0) return null;
    if (services.length === 1) return services[0]!;
    const place = ((finishHash(clientHash, SPACE) >>> 0) / 2 ** 32) * this.#total;
    const index = this.#ends.findIndex((end) => place < end);
    return services[index] ?? null;
  }
}
