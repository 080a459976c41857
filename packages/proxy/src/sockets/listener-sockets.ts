import { portsOf } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { AddressProbe } from '../engine/address-probe.ts';
import type { ListenOptions } from '../reactor/reactor.ts';
import type { WorkerSockets } from '../worker/messages.ts';
import { placeKey } from './place-key.ts';
import { refusal } from './refusal.ts';
import type { SocketHold } from './socket-hold.ts';

/** Connections that the kernel may hold for a socket before they are accepted; capped by net.core.somaxconn. */
const BACKLOG = 4096;

/** The system's calls on listening sockets. */
export interface SocketCalls {
  open(options: ListenOptions): { readonly descriptor: number } | { readonly code: string };
  /** Ends the listening for all who share the socket, and gives the descriptor back. */
  close(descriptor: number): void;
  /** Gives the descriptor back; whoever else has the socket goes on. */
  leave(descriptor: number): void;
  endpointOf(descriptor: number): { readonly address: string; readonly port: number };
  isListening(descriptor: number): boolean;
}

export interface ListenerSocketsOptions {
  readonly workers: number;
  readonly probe: AddressProbe;
  readonly calls: SocketCalls;
  /** Where the sockets outlive this process; null: nowhere. */
  readonly hold: SocketHold | null;
  /** Told once of each reason for which not all sockets are held. */
  readonly onUnheld: (code: string) => void;
}

interface Opened {
  readonly listenerId: string;
  readonly descriptors: readonly number[];
}

/**
 * The listening sockets of all listeners: for each address one per worker (SO_REUSEPORT), so that the kernel spreads
 * connections. They belong to the engine and not to the workers, which only accept from them: when a worker dies, what
 * waits in its sockets is accepted by others; when the process dies, by the next one that restores the hold.
 */
export class ListenerSockets {
  readonly #options: ListenerSocketsOptions;
  readonly #opened = new Map<string, Opened>();
  /** Restored, and not asked for yet. */
  readonly #restored = new Map<string, number[]>();
  #changed = false;
  #problem: string | null = null;

  constructor(options: ListenerSocketsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#all().length;
  }

  /** How many are in the hold. */
  get held(): number {
    return this.#options.hold?.held ?? 0;
  }

  /** Takes over what an earlier process has held, or one that still runs. Returns how many sockets there were. */
  restore(): number {
    const { hold, calls } = this.#options;
    const descriptors = hold?.restore() ?? [];
    for (const descriptor of descriptors) {
      if (!calls.isListening(descriptor)) {
        calls.leave(descriptor);
        continue;
      }
      const { address, port } = calls.endpointOf(descriptor);
      const key = placeKey(address, port);
      this.#restored.set(key, [...(this.#restored.get(key) ?? []), descriptor]);
    }
    this.#changed = true;
    this.save();
    return descriptors.length;
  }

  /** Listens on one address for a listener. Returns why it cannot; what is restored is never refused. */
  open(listenerId: string, address: string, port: number): RefusedListener | null {
    const { workers, probe } = this.#options;
    const key = placeKey(address, port);
    const taken = this.#opened.get(key);
    if (taken !== undefined) {
      return taken.listenerId === listenerId ? null : refusal(listenerId, 'EADDRINUSE', address, port);
    }
    const restored = this.#restored.get(key) ?? [];
    // SO_REUSEPORT would let this user's other processes share the address.
    const refused = restored.length > 0 ? null : probe(listenerId, address, port);
    if (refused !== null) return refused;
    const descriptors = [...restored];
    while (descriptors.length < workers) {
      const opened = this.#options.calls.open({ address, port, backlog: BACKLOG, reusePort: true });
      if ('code' in opened) {
        // Those that are there serve as well.
        if (restored.length > 0) break;
        for (const descriptor of descriptors) this.#options.calls.close(descriptor);
        return refusal(listenerId, opened.code, address, port);
      }
      descriptors.push(opened.descriptor);
    }
    this.#restored.delete(key);
    this.#opened.set(key, { listenerId, descriptors });
    this.#changed = true;
    return null;
  }

  /** Listens no more on one address of a listener; no worker accepts from it any more. */
  close(listenerId: string, address: string, port: number): void {
    const key = placeKey(address, port);
    const opened = this.#opened.get(key);
    if (opened?.listenerId !== listenerId) return;
    for (const descriptor of opened.descriptors) this.#options.calls.close(descriptor);
    this.#opened.delete(key);
    this.#changed = true;
  }

  /** What workers accept from for a listener. */
  of(planned: PlannedListener): WorkerSockets {
    const sockets: Record<string, readonly number[]> = {};
    for (const port of portsOf(planned)) {
      for (const address of planned.addresses) {
        const key = placeKey(address, port);
        const opened = this.#opened.get(key);
        sockets[key] = opened?.listenerId === planned.id ? opened.descriptors : [];
      }
    }
    return sockets;
  }

  /** Closes what was restored and no listener has asked for: they have left the plan. */
  closeUnclaimed(): void {
    for (const descriptor of [...this.#restored.values()].flat()) this.#options.calls.close(descriptor);
    if (this.#restored.size > 0) this.#changed = true;
    this.#restored.clear();
  }

  /** Has the hold keep what is open now, if that has changed. */
  save(): void {
    const { hold, onUnheld } = this.#options;
    if (hold === null || !this.#changed) return;
    const problem = hold.save(this.#all());
    this.#changed = problem !== null;
    if (problem !== null && problem !== this.#problem) onUnheld(problem);
    this.#problem = problem;
  }

  /** Has the hold keep what is open here, whatever another process has made of it. */
  reclaim(): void {
    const { hold, calls } = this.#options;
    for (const descriptor of hold?.restore() ?? []) calls.leave(descriptor);
    this.#changed = true;
    this.save();
  }

  /** Ends all listening. */
  closeAll(): void {
    for (const descriptor of this.#all()) this.#options.calls.close(descriptor);
    this.#opened.clear();
    this.#restored.clear();
    this.#changed = true;
    this.save();
  }

  #all(): number[] {
    const opened = [...this.#opened.values()].flatMap(({ descriptors }) => descriptors);
    return [...opened, ...[...this.#restored.values()].flat()];
  }
}
