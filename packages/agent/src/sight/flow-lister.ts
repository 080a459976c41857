import { setImmediate } from 'node:timers/promises';
import { addressBytes } from '@evenkeel/flow/datapath/address.ts';
import type { Flow } from '@evenkeel/flow/datapath/flow-hash.ts';
import { flowOf } from '@evenkeel/flow/datapath/flow-record.ts';
import { type FlowSight, secondsNow } from '@evenkeel/flow/datapath/flow-sight.ts';
import { PROTOCOLS, type Protocol } from '@evenkeel/flow/datapath/layout.ts';
import { rateOf } from '@evenkeel/flow/datapath/sampled-flow.ts';
import type { FlowsQuestion, SeenFlow } from '@evenkeel/model/plan/flows.ts';
import { Best } from './best.ts';
import { isOver } from './life.ts';

/** A listener as flows in the kernel show it. */
export interface ListenerPlace {
  readonly id: string;
  readonly number: number;
  readonly serviceId: string;
  readonly addresses: readonly string[];
  readonly port: number;
  /** null: one port. */
  readonly lastPort: number | null;
  readonly protocols: readonly Protocol[];
  readonly idleSeconds: number;
}

/** What numbers and addresses of the kernel stand for at the moment. */
export interface Places {
  readonly listeners: readonly ListenerPlace[];
  /** By number. */
  readonly targets: ReadonlyMap<number, { readonly serviceId: string; readonly targetId: string }>;
}

export interface FlowListerOptions {
  readonly sight: Pick<FlowSight, 'samples' | 'sample' | 'talkers' | 'written' | 'isWritten'>;
  readonly places: () => Places;
  /** As whom a target, by its number, sees a flow; null: as its client. */
  readonly seenAs: (flow: Flow, target: number) => { readonly address: string; readonly port: number } | null;
  /** Seconds since the machine started. */
  readonly now?: () => number;
}

/** Offsets in the key of a flow. */
const CLIENT_END = 16;
const VIP_END = 32;
const VIP_PORT = 34;
const PROTOCOL = 36;

/** Answers which flows there are in the kernel, from its tables: all of what is written down, and the sample. */
export class FlowLister {
  readonly #options: FlowListerOptions;
  /** One walk at a time: a table has a million entries, and whoever asks is a person. */
  #last: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: FlowListerOptions) {
    this.#options = options;
  }

  list(question: FlowsQuestion): Promise<readonly SeenFlow[]> {
    const done = this.#last.then(() => (question.order === 'top' ? this.#top(question) : this.#recent(question)));
    // Whoever asked learns of the error; the next one does not care.
    this.#last = done.catch(() => {});
    return done;
  }

  async #recent(question: FlowsQuestion): Promise<readonly SeenFlow[]> {
    const { sight } = this.#options;
    const now = this.#now();
    const wanted = new Wanted(question, this.#options.places());
    // A flow may be in both tables.
    const best = new Best<Found>(2 * question.limit, (a, b) => a.flow.idleSeconds! - b.flow.idleSeconds!);
    for (const batch of sight.samples()) {
      for (const { key, listener: number, target, state, seen, packets, bytes } of batch) {
        const listener = wanted.listenerOf(key, target, number);
        const idleSeconds = Math.max(0, now - seen);
        if (listener === null || isOver(state, idleSeconds, listener.idleSeconds)) continue;
        best.add({ key, target, flow: { ...wanted.name(key, listener, target), state, idleSeconds, packets, bytes } });
      }
      await this.#turn();
    }
    for (const batch of sight.written((key, target) => wanted.listenerOf(key, target) !== null)) {
      for (const { key, target, state, idleSeconds } of batch) {
        const listener = wanted.listenerOf(key, target)!;
        if (isOver(state, idleSeconds, listener.idleSeconds)) continue;
        const flow = { ...wanted.name(key, listener, target), state, idleSeconds, isWritten: true };
        best.add({ key, target, flow });
      }
      await this.#turn();
    }
    return this.#once(best.all(), question.limit);
  }

  /** A flow of both tables is one. */
  #once(found: readonly Found[], limit: number): readonly SeenFlow[] {
    const flows = new Map<string, SeenFlow>();
    for (const { key, target, flow } of found) {
      const name = key.toString('hex');
      const known = flows.get(name);
      const isWritten = flow.isWritten || known !== undefined || this.#options.sight.isWritten(key);
      if (known === undefined || known.packets === null)
        flows.set(name, { ...flow, ...this.#seenAs(key, target), isWritten });
    }
    return [...flows.values()].slice(0, limit);
  }

  async #top(question: FlowsQuestion): Promise<readonly SeenFlow[]> {
    const { sight } = this.#options;
    const now = this.#now();
    const wanted = new Wanted(question, this.#options.places());
    const best = new Best<Found>(question.limit, (a, b) => b.flow.bytesPerSecond! - a.flow.bytesPerSecond!);
    for (const batch of sight.talkers()) {
      for (const talker of batch) {
        const { key, target } = talker;
        const listener = wanted.listenerOf(key, target, talker.listener);
        const rate = rateOf(talker, now);
        if (listener === null || rate === null) continue;
        const { packets: packetsPerSecond, bytes: bytesPerSecond } = rate;
        best.add({ key, target, flow: { ...wanted.name(key, listener, target), packetsPerSecond, bytesPerSecond } });
      }
      await this.#turn();
    }
    return best.all().map(({ key, target, flow }) => {
      const sample = sight.sample(key);
      const seen = sample === null ? {} : { state: sample.state, idleSeconds: Math.max(0, now - sample.seen) };
      return { ...flow, ...this.#seenAs(key, target), ...seen, isWritten: sight.isWritten(key) };
    });
  }

  #seenAs(key: Buffer, target: number): Pick<SeenFlow, 'nodeAddress' | 'nodePort'> {
    const seen = this.#options.seenAs(flowOf(key), target);
    return { nodeAddress: seen?.address ?? null, nodePort: seen?.port ?? null };
  }

  /** What is under way ends: the tables are closed. */
  stop(): void {
    this.#stopped = true;
  }

  /** Gives way to other work. */
  async #turn(): Promise<void> {
    await setImmediate();
    if (this.#stopped) throw new Error('the node lets go of the kernel');
  }

  #now(): number {
    return (this.#options.now ?? secondsNow)();
  }
}

interface Found {
  readonly key: Buffer;
  /** By its number. */
  readonly target: number;
  readonly flow: SeenFlow;
}

/** Which flows are asked for, by what stands in the kernel's tables. */
class Wanted {
  readonly #client: Buffer | null;
  /** Numbers; null: any. */
  readonly #targets: ReadonlySet<number> | null;
  readonly #places: Places;
  readonly #ids: ReadonlySet<string>;
  readonly #endpoints = new Map<string, ListenerPlace>();
  readonly #ranges: readonly Range[];

  constructor({ listenerIds, targetId, client }: FlowsQuestion, places: Places) {
    this.#places = places;
    this.#client = client === null ? null : addressBytes(client);
    const numbers = Array.from(places.targets).filter(([, target]) => target.targetId === targetId);
    this.#targets = targetId === null ? null : new Set(numbers.map(([number]) => number));
    const ids = listenerIds === null ? null : new Set(listenerIds);
    const listeners = places.listeners.filter(({ id }) => ids === null || ids.has(id));
    this.#ids = new Set(listeners.map(({ id }) => id));
    this.#ranges = listeners.filter(({ lastPort }) => lastPort !== null).map(rangeOf);
    // Those that are not asked for, too: a port of their own may lie within a range that is.
    for (const listener of places.listeners) {
      if (listener.lastPort !== null) continue;
      for (const address of listener.addresses) {
        for (const protocol of listener.protocols) {
          this.#endpoints.set(endpoint(addressBytes(address), listener.port, PROTOCOLS[protocol]), listener);
        }
      }
    }
  }

  /**
   * The listener of a flow if it is one that is asked for, else null. What a table says of a listener or a target that is
   * gone is nobody's, whoever has its number or its address now: `number`, if the table has one, has to be that of the
   * listener at the address, and the target one of its service.
   */
  listenerOf(key: Buffer, target: number, number: number | null = null): ListenerPlace | null {
    if (this.#targets !== null && !this.#targets.has(target)) return null;
    if (this.#client !== null && !this.#client.equals(key.subarray(0, CLIENT_END))) return null;
    const listener = this.#at(key);
    if (listener === null || !this.#ids.has(listener.id) || (number ?? listener.number) !== listener.number)
      return null;
    return this.#places.targets.get(target)?.serviceId === listener.serviceId ? listener : null;
  }

  /** Who listens where the flow went to. */
  #at(key: Buffer): ListenerPlace | null {
    const vip = key.subarray(CLIENT_END, VIP_END);
    const port = key.readUInt16BE(VIP_PORT);
    const protocol = key[PROTOCOL]!;
    const exact = this.#endpoints.get(endpoint(vip, port, protocol));
    if (exact !== undefined) return exact;
    const range = this.#ranges.find(
      ({ first, last, protocols, vips }) =>
        first <= port && port <= last && protocols.includes(protocol) && vips.some((one) => one.equals(vip)),
    );
    return range?.listener ?? null;
  }

  /** What is said of every flow; the rest is not known yet. */
  name(key: Buffer, listener: ListenerPlace, target: number): SeenFlow {
    return {
      listenerId: listener.id,
      serviceId: listener.serviceId,
      targetId: this.#places.targets.get(target)!.targetId,
      ...flowOf(key),
      state: null,
      idleSeconds: null,
      isWritten: false,
      packets: null,
      bytes: null,
      packetsPerSecond: null,
      bytesPerSecond: null,
    };
  }
}

function endpoint(address: Buffer, port: number, protocol: number): string {
  return `${address.toString('hex')} ${port} ${protocol}`;
}

interface Range {
  readonly listener: ListenerPlace;
  readonly first: number;
  readonly last: number;
  readonly protocols: readonly number[];
  readonly vips: readonly Buffer[];
}

function rangeOf(listener: ListenerPlace): Range {
  const { port, lastPort, protocols, addresses } = listener;
  return {
    listener,
    first: port,
    last: lastPort ?? port,
    protocols: protocols.map((name) => PROTOCOLS[name]),
    vips: addresses.map(addressBytes),
  };
}
