import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { Origin } from '@evenkeel/flow/datapath/layout.ts';
import type { KernelListener, KernelOrigin, KernelRecord, KernelTarget } from './kernel-record.ts';
import { keyOf, originsOf } from './origins.ts';

/** An endpoint of a target whose answers a listener wants, and what they are to come from. */
export interface Claim extends KernelOrigin {
  readonly vip: string;
  /** null: the port that the target answers from. */
  readonly vipPort: number | null;
  readonly listener: number;
  /** The target's number. */
  readonly target: number;
  /** Ports that the target may answer from. */
  readonly first: number;
  readonly last: number;
  /** Registered, and not merely drained. */
  readonly active: boolean;
}

/** What a listener claims of these targets, under each of its addresses. `isActive`: by the target's identifier. */
export function claimsOf(
  listener: KernelListener,
  targets: Readonly<Record<string, KernelTarget>>,
  isActive: (targetId: string) => boolean = () => true,
): Claim[] {
  const { addresses, port, number } = listener;
  const last = listener.lastPort ?? port;
  return Object.entries(targets).flatMap(([targetId, target]) =>
    originsOf(listener, [target]).flatMap((origin) =>
      addresses.map((vip) => ({
        ...origin,
        vip,
        vipPort: origin.port === 0 ? null : port,
        listener: number,
        target: target.number,
        first: origin.port === 0 ? port : origin.port,
        last: origin.port === 0 ? last : origin.port,
        active: isActive(targetId),
      })),
    ),
  );
}

/**
 * Whose answers are whose, with address translation. An endpoint that one listener has, under one address, is all that its
 * answers need. Where several have it, flows are written down; the first of these listeners answers for those from before.
 */
export class Answers {
  readonly #datapath: Pick<Datapath, 'setOrigin' | 'removeOrigin'>;
  /** By listener, in the order in which they came. */
  readonly #claims = new Map<string, readonly Claim[]>();
  /** What is in the kernel; with an empty text where an earlier process has put it there. */
  readonly #written = new Map<string, { readonly origin: KernelOrigin; readonly text: string }>();
  /** Numbers of targets with an endpoint that several listeners have. */
  #shared: ReadonlySet<number>;
  /** The kernel has something else than what is claimed. */
  #isBehind = true;

  constructor(
    datapath: Pick<Datapath, 'setOrigin' | 'removeOrigin'>,
    { listeners, origins, services }: Pick<KernelRecord, 'listeners' | 'origins' | 'services'>,
  ) {
    this.#datapath = datapath;
    for (const [id, listener] of Object.entries(listeners)) {
      const service = services[listener.serviceId];
      if (service?.mode === 'nat') this.#claims.set(id, claimsOf(listener, service.targets));
    }
    for (const origin of Object.values(origins).flat()) this.#written.set(keyOf(origin), { origin, text: '' });
    this.#shared = sharedOf(this.#byPlace());
  }

  /** Everything that is, or is going to be, in the kernel; by listener, or under no name where it is to be taken out. */
  get record(): Readonly<Record<string, readonly KernelOrigin[]>> {
    const byListener = Array.from(this.#claims, ([id, claims]) => [id, claims.map(originOf)] as const);
    const claimed = new Set(byListener.flatMap(([, origins]) => origins.map(keyOf)));
    const left = [...this.#written.values()].map(({ origin }) => origin).filter((one) => !claimed.has(keyOf(one)));
    return Object.fromEntries(left.length === 0 ? byListener : [...byListener, ['', left]]);
  }

  get shared(): ReadonlySet<number> {
    return this.#shared;
  }

  /** Says what a listener wants from now on; nothing changes in the kernel before `write`. */
  claim(id: string, claims: readonly Claim[]): void {
    if (JSON.stringify(claims) === JSON.stringify(this.#claims.get(id) ?? [])) return;
    if (claims.length === 0) this.#claims.delete(id);
    else this.#claims.set(id, claims);
    this.#isBehind = true;
    this.#shared = sharedOf(this.#byPlace());
  }

  /** Brings the kernel to the claims. The targets that are `shared` have to be marked before. */
  write(): void {
    if (!this.#isBehind) return;
    const wanted = this.#wanted();
    for (const [key, { origin, value }] of wanted) {
      const text = JSON.stringify(value);
      if (this.#written.get(key)?.text === text) continue;
      this.#datapath.setOrigin(origin, value);
      this.#written.set(key, { origin, text });
    }
    for (const [key, { origin }] of this.#written) {
      if (wanted.has(key)) continue;
      this.#datapath.removeOrigin(origin);
      this.#written.delete(key);
    }
    this.#isBehind = false;
  }

  #byPlace(): Map<string, Claim[]> {
    const places = new Map<string, Claim[]>();
    for (const claim of [...this.#claims.values()].flat()) {
      const place = `${claim.protocol} ${claim.address}`;
      const there = places.get(place);
      if (there === undefined) places.set(place, [claim]);
      else there.push(claim);
    }
    return places;
  }

  #wanted(): Map<string, { readonly origin: KernelOrigin; readonly value: Origin }> {
    const wanted = new Map<string, { origin: KernelOrigin; value: Origin }>();
    for (const there of this.#byPlace().values()) {
      for (const claim of there) {
        const key = keyOf(claim);
        if (wanted.has(key)) continue;
        const same = there.filter((one) => one.port === claim.port);
        const { vip, vipPort: port, listener, target } = same.find(({ active }) => active) ?? claim;
        const shared = isContested(claim, there);
        wanted.set(key, { origin: originOf(claim), value: { vip, port, listener, target, shared } });
      }
    }
    return wanted;
  }
}

/**
 * Whether an answer of this endpoint could be of more than one listener or address. The kernel knows one address for all
 * ranges of a target, and by that the listener.
 */
function isContested(claim: Claim, there: readonly Claim[]): boolean {
  return there.some((other) => {
    const isOther = other.listener !== claim.listener || other.vip !== claim.vip;
    const areRangesApart = other.port === 0 && claim.port === 0 && other.vip !== claim.vip;
    return isOther && (areRangesApart || (other.first <= claim.last && claim.first <= other.last));
  });
}

function sharedOf(places: ReadonlyMap<string, readonly Claim[]>): ReadonlySet<number> {
  const shared = new Set<number>();
  for (const there of places.values()) {
    if (there.length < 2) continue;
    for (const claim of there) if (isContested(claim, there)) shared.add(claim.target);
  }
  return shared;
}

function originOf({ address, port, protocol }: KernelOrigin): KernelOrigin {
  return { address, port, protocol };
}
