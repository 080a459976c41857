import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { Endpoint } from '../reactor/reactor.ts';
import { refusalCode } from '../sockets/refusal.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { type LoggedListener, loggedAsDatagrams } from './logged-listener.ts';
import { DatagramPlace } from './place.ts';
import type { SessionPlaces } from './session-places.ts';

/**
 * Where one worker receives datagrams for one listener: all places of it or none. Each worker has sockets of its own
 * (SO_REUSEPORT), and the kernel sends all datagrams of one client to the same one, as long as none comes or goes.
 */
export class DatagramListening {
  readonly #worker: WorkerContext;
  readonly #listener: Listener;
  readonly #open = new Map<string, DatagramPlace>();
  readonly #places: SessionPlaces;
  #logged: LoggedListener;
  #closed = false;

  constructor(worker: WorkerContext, listener: Listener) {
    this.#worker = worker;
    this.#listener = listener;
    this.#places = worker.datagramSessions.ofListener();
    this.#logged = loggedAsDatagrams(listener.planned);
  }

  /**
   * Opens what is new among `places`; what was open stays until `keepOnly`. Calls back with null, or with why the new ones
   * cannot be opened; then the set is as it was before. One call at a time; none behind `close`.
   */
  open(places: readonly Endpoint[], done: (refused: RefusedListener | null) => void): void {
    const wanted = new Map(places.map((place) => [keyOf(place), place]));
    const opened = new Map<string, DatagramPlace>();
    let refused: RefusedListener | null = null;
    let pending = 1;
    const answered = (): void => {
      pending--;
      if (pending === 0) this.#settle(opened, refused, done);
    };
    for (const [key, local] of wanted) {
      if (this.#open.has(key)) continue;
      pending++;
      const place = new DatagramPlace(
        this.#worker,
        this.#listener,
        this.#places,
        () => this.#loggedAs(),
        local,
        (error) => {
          if (error !== null) {
            opened.delete(key);
            const { code, message } = error;
            refused ??= { listenerId: this.#listener.planned.id, code: refusalCode(code), detail: `UDP: ${message}` };
          }
          answered();
        },
      );
      opened.set(key, place);
    }
    answered();
  }

  /** Closes what is not among `places`, with its sessions. */
  keepOnly(places: readonly Endpoint[]): void {
    const wanted = new Set(places.map(keyOf));
    for (const [key, place] of this.#open) {
      if (wanted.has(key)) continue;
      place.close();
      this.#open.delete(key);
    }
  }

  close(): void {
    this.#closed = true;
    this.keepOnly([]);
  }

  #settle(
    opened: ReadonlyMap<string, DatagramPlace>,
    refused: RefusedListener | null,
    done: (refused: RefusedListener | null) => void,
  ): void {
    // The listener may have gone while they were opened.
    if (refused !== null || this.#closed) for (const place of opened.values()) place.close();
    else for (const [key, place] of opened) this.#open.set(key, place);
    done(refused);
  }

  /** What the log says of the listener, as it is now. */
  #loggedAs(): LoggedListener {
    const { planned } = this.#listener;
    const { id, loadBalancerId, port } = this.#logged.planned;
    const isSame = id === planned.id && loadBalancerId === planned.loadBalancerId && port === planned.port;
    if (!isSame) this.#logged = loggedAsDatagrams(planned);
    return this.#logged;
  }
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}
