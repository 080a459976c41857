import type { AddressInfo } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { MOST_PEERS, type ReportedPeer, type SharingPeer } from '@evenkeel/model/plan/sharing.ts';
import type { Logger } from 'pino';
import type { Clock, Random, Timer } from '../clock/clock.ts';
import { Backoff } from '../stream/backoff.ts';
import { secureConnect, secureServer } from './secure-stream.ts';
import type { SharingKeys } from './sharing-keys.ts';

/** Milliseconds of silence after which a node counts as gone; it says something at least every third of it. */
export const SILENCE = 6_000;
/** A stream that lasts this long ends the back-off. */
const STABLE = 5_000;

export interface PeerLinksOptions {
  readonly nodeId: string;
  readonly keys: SharingKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** A node is connected. The stream ends with `close`, whoever ends it. */
  readonly onLink: (node: string, stream: TLSSocket) => void;
  /** Something of what `peers` says has changed. */
  readonly onChange: () => void;
}

interface Link {
  readonly stream: TLSSocket;
  /** Which key it has begun with. */
  readonly key: string | null;
  readonly since: number;
  heardAt: number;
}

/** A node that is to be dialled, and how that went. */
interface Attempt {
  peer: SharingPeer;
  readonly backoff: Backoff;
  timer: Timer | null;
  dialling: boolean;
  failure: { readonly reason: string; readonly since: number } | null;
  /** Unix milliseconds. */
  readonly since: number;
}

/**
 * A stream to each other node of the zone. Of two nodes, the one whose name comes first dials. A stream stays as long as
 * both ends live, whatever the control plane knows of them; its list says whom to dial.
 */
export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #links = new Map<string, Link>();
  readonly #attempts = new Map<string, Attempt>();
  #server: Server | null = null;
  #unwatch: () => void = () => {};
  #watch: Timer | null = null;
  #closed = false;

  constructor(options: PeerLinksOptions) {
    this.#options = options;
  }

  /** Resolves with the port; rejects when it cannot be had. Port 0: any. */
  async listen(address: string, port: number): Promise<number> {
    const { keys } = this.#options;
    await keys.refresh();
    const server = secureServer({
      key: (id) => keys.find(id),
      onPeer: (stream, node, key) => this.#accept(stream, node, key),
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.on('error', reject);
    server.listen(port, address, resolve);
    await promise;
    if (this.#closed) server.close();
    this.#server = server;
    this.#unwatch = keys.watch(() => this.#dropOutdated());
    this.#look();
    return (server.address() as AddressInfo).port;
  }

  /** Whom to share with: all of them. */
  setPeers(peers: readonly SharingPeer[]): void {
    const wanted = new Map(peers.slice(0, MOST_PEERS).map((peer) => [peer.node, peer]));
    for (const [node, { timer }] of this.#attempts) {
      if (wanted.has(node)) continue;
      timer?.cancel();
      this.#attempts.delete(node);
    }
    const { random, clock } = this.#options;
    for (const [node, peer] of wanted) {
      const known = this.#attempts.get(node);
      if (known !== undefined) known.peer = peer;
      else {
        const backoff = new Backoff(random);
        this.#attempts.set(node, {
          peer,
          backoff,
          timer: null,
          dialling: false,
          failure: null,
          since: clock.wallTime(),
        });
        void this.#dial(node);
      }
    }
    // For those that dial us, and may be of an earlier version.
    void this.#options.keys.refresh();
    this.#options.onChange();
  }

  /** Those that are connected, and those that should be. */
  peers(): ReportedPeer[] {
    const connected = Array.from(this.#links, ([node, { since }]): ReportedPeer => {
      return { node, state: 'connected', reason: '', since };
    });
    const others = [...this.#attempts].filter(([node]) => !this.#links.has(node));
    const unreachable = others.map(([node, { failure, since }]): ReportedPeer => {
      return { node, state: 'unreachable', reason: 'it has not connected yet', since, ...failure };
    });
    return [...connected, ...unreachable].sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  /** Whether each of the nodes that were named is connected, or cannot be; those that dial us are waited for. */
  get isSettled(): boolean {
    return [...this.#attempts].every(([node, { failure }]) => this.#links.has(node) || failure !== null);
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
    this.#server?.close();
    this.#watch?.cancel();
    for (const { timer } of this.#attempts.values()) timer?.cancel();
    this.#attempts.clear();
    for (const { stream } of [...this.#links.values()]) stream.destroy();
  }

  async #dial(node: string): Promise<void> {
    const { nodeId, keys, clock } = this.#options;
    const attempt = this.#attempts.get(node);
    if (attempt === undefined || this.#closed || this.#links.has(node) || attempt.dialling || node < nodeId) return;
    attempt.timer?.cancel();
    attempt.timer = null;
    attempt.dialling = true;
    try {
      const { address, port, takesZoneKeys = false } = attempt.peer;
      const key = keys.forPeer(takesZoneKeys);
      this.#add(node, await secureConnect(address, port, key, nodeId), key.id);
    } catch (error) {
      const reason = reasonOf(error as NodeJS.ErrnoException);
      attempt.failure = { reason, since: attempt.failure?.since ?? clock.wallTime() };
      this.#dialLater(node, attempt);
    } finally {
      attempt.dialling = false;
    }
    if (!this.#closed) this.#options.onChange();
  }

  #dialLater(node: string, attempt: Attempt): void {
    if (this.#closed || this.#attempts.get(node) !== attempt) return;
    attempt.timer?.cancel();
    attempt.timer = this.#options.clock.setTimer(attempt.backoff.next(), () => void this.#dial(node));
  }

  #accept(stream: TLSSocket, node: string, key: string | null): void {
    const { nodeId, log } = this.#options;
    const isKnown = this.#links.has(node) || this.#links.size < MOST_PEERS;
    if (node < nodeId && node !== '' && isKnown && !this.#closed) this.#add(node, stream, key);
    else {
      log.warn({ node }, 'a node that should not has asked to share flows');
      stream.destroy();
    }
    this.#options.onChange();
  }

  /** The newest stream of a node counts: the older one may be a ghost of a broken network. */
  #add(node: string, stream: TLSSocket, key: string | null): void {
    const { clock, log, onLink, onChange } = this.#options;
    if (this.#closed || stream.destroyed) {
      stream.destroy();
      return;
    }
    const before = this.#links.get(node);
    const begun = clock.now();
    const link: Link = { stream, key, since: clock.wallTime(), heardAt: begun };
    this.#links.set(node, link);
    before?.stream.destroy();
    stream.setNoDelay(true);
    stream.on('data', () => {
      link.heardAt = clock.now();
    });
    stream.on('close', () => {
      if (this.#links.get(node) !== link) return;
      this.#links.delete(node);
      if (this.#closed) return;
      log.info({ node }, 'a node does not share its flows any more');
      const attempt = this.#attempts.get(node);
      if (attempt !== undefined) {
        attempt.failure = { reason: 'the connection has ended', since: clock.wallTime() };
        if (clock.now() - begun >= STABLE) attempt.backoff.reset();
        this.#dialLater(node, attempt);
      }
      onChange();
    });
    log.info({ node }, 'sharing flows with a node');
    onLink(node, stream);
    onChange();
  }

  #look(): void {
    const { clock } = this.#options;
    this.#watch = clock.setTimer(SILENCE / 6, () => {
      if (this.#closed) return;
      for (const { stream, heardAt } of [...this.#links.values()]) {
        if (clock.now() - heardAt > SILENCE) stream.destroy();
      }
      this.#look();
    });
  }

  /** Whoever knows a key that is good no more must not go on with it. The others dial again at once, with one that is. */
  #dropOutdated(): void {
    const { keys } = this.#options;
    for (const { stream, key } of [...this.#links.values()]) {
      if (key !== null && keys.find(key) === null) stream.destroy();
    }
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code?.startsWith('ERR_SSL') === true) return 'it does not have the same key';
  return message.slice(0, 200);
}
