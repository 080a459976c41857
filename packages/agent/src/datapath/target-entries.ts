import { createSocket } from 'node:dgram';
import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { Logger } from 'pino';
import { familyOf } from './decide.ts';
import type { KernelMode } from './kernel-mode.ts';
import { type NetworkView, viewNetwork } from './network-view.ts';
import { ROUTED, type Way, wayTo } from './ways.ts';

/** What is written down of a target, but for the way to it. */
export interface WantedTarget {
  readonly address: string;
  /** null: the one that the client asked for. */
  readonly port: number | null;
  readonly mode: KernelMode;
  /** Its flows are chosen again; with `resets`, its connections are reset instead. */
  readonly gone: boolean;
  readonly resets: boolean;
  /** Clients that are kept at a target for a time get no new flows there. */
  readonly closed: boolean;
}

interface Entry extends WantedTarget {
  readonly way: Way;
  /** Said of the way; empty: nothing. */
  readonly problem: string;
}

/** What the kernel is asked, and how a neighbour is made known to it. */
export interface Network {
  view(addresses: readonly string[]): Promise<NetworkView>;
  /** Sends something, so that the kernel looks for the address on its network; `address%device` where it is link-local. */
  knock(address: string): void;
}

/** Discard (RFC 863). */
const DISCARD_PORT = 9;

export const NETWORK: Network = {
  view: viewNetwork,
  knock(address) {
    const socket = createSocket(familyOf(address) === 6 ? 'udp6' : 'udp4').unref();
    socket.on('error', () => undefined); // nobody has to answer
    socket.send('', DISCARD_PORT, address, () => socket.close());
  },
};

/** Targets in the kernel, with the way to each: it follows routes, devices and neighbours as they change. */
export class TargetEntries {
  readonly #datapath: Pick<Datapath, 'setTarget'>;
  readonly #log: Logger;
  readonly #network: Network;
  readonly #entries = new Map<number, Entry>();
  #shared: ReadonlySet<number> = new Set();
  /** Since the last look. */
  readonly #asked = new Set<string>();
  #stopped = false;

  constructor(datapath: Pick<Datapath, 'setTarget'>, log: Logger, network: Network = NETWORK) {
    this.#datapath = datapath;
    this.#log = log;
    this.#network = network;
  }

  /** Whether a neighbour is not known that packets have to be sent to. */
  get isLooking(): boolean {
    return [...this.#entries.values()].some(({ problem }) => problem !== '');
  }

  /**
   * The ways to all these targets, for `set`; null where the kernel routes. Rejects when they cannot be asked for. Where
   * all have one that was known before, those hold.
   */
  async look(targets: ReadonlyMap<number, WantedTarget>): Promise<NetworkView | null> {
    const addresses = [...targets.values()].filter(({ mode }) => mode !== 'nat').map(({ address }) => address);
    if (addresses.length === 0) return null;
    this.#asked.clear();
    try {
      return await this.#network.view([...new Set(addresses)]);
    } catch (error) {
      if (![...targets].every(([number, { address }]) => this.#entries.get(number)?.address === address)) throw error;
      this.#log.warn({ err: error }, 'the ways to targets stay as they were');
      return null;
    }
  }

  /** Writes a target down. `view`: of `look`, which knows of it. */
  set(number: number, wanted: WantedTarget, view: NetworkView | null): void {
    const same = this.#entries.get(number);
    const before = same?.address === wanted.address && same.mode === wanted.mode ? same : null;
    if (view === null) {
      this.#write(number, { ...wanted, way: before?.way ?? ROUTED, problem: before?.problem ?? '' });
      return;
    }
    const { way, problem, ask } = wayTo(wanted.address, wanted.mode, view, before?.way ?? null);
    if (ask !== null) this.#ask(ask);
    if (problem !== '' && problem !== before?.problem) this.#log.warn({ problem }, 'there is no way to a target');
    this.#write(number, { ...wanted, way, problem });
  }

  /** Whatever still knows the number finds nobody there. */
  retire(number: number, address: string, port: number | null): void {
    this.#entries.delete(number);
    this.#datapath.setTarget(number, { address, port, tunnelSource: null, nextHop: null, gone: true });
  }

  /** From now on these targets, and no others, have endpoints that several listeners share. */
  share(numbers: ReadonlySet<number>): void {
    const before = this.#shared;
    this.#shared = numbers;
    for (const [number, entry] of this.#entries) {
      if (before.has(number) !== numbers.has(number)) this.#write(number, entry);
    }
  }

  /** Takes in what has changed around the node. */
  async follow(): Promise<void> {
    const asked = new Map(this.#entries);
    const view = await this.look(asked);
    if (view === null || this.#stopped) return;
    for (const [number, { address, mode }] of asked) {
      const now = this.#entries.get(number);
      if (now !== undefined && now.address === address && mode !== 'nat') this.set(number, now, view);
    }
  }

  /** Another process has the kernel, or nobody: what is under way ends without a word to it. */
  stop(): void {
    this.#stopped = true;
  }

  /** Once for each look, however many targets are behind it. */
  #ask(hop: string): void {
    if (this.#asked.has(hop)) return;
    this.#asked.add(hop);
    this.#network.knock(hop);
  }

  #write(number: number, entry: Entry): void {
    this.#entries.set(number, entry);
    const { address, port, gone, resets, closed } = entry;
    const { hop: _, ...way } = entry.way;
    const shared = this.#shared.has(number);
    this.#datapath.setTarget(number, { address, port, gone, resets, closed, shared, ...way });
  }
}
