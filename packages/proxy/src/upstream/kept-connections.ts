import { KeptList, type KeptPlace } from './kept-list.ts';

/** Kept connections of one target and worker. Beyond it, the one that has waited longest is closed. */
export const MOST_KEPT = 512;

/** The same for one name, where requests say the name: half, so that no single one takes the place of all others. */
export const MOST_KEPT_OF_NAME = MOST_KEPT / 2;

/** How connections are secured, as far as it matters here. */
export interface Secured {
  /** Requests say the name that a target must have; otherwise it is the same for all of them. */
  readonly isNamedByRequest: boolean;
}

/** A connection that can be kept. */
export interface Keepable<Self> {
  /** null: in the clear. */
  readonly tls: Secured | null;
  readonly serverName: string;
  /** When it began to wait. */
  readonly idleSince: number;
  /** Among all kept connections, and among those of its name. */
  readonly place: KeptPlace<Self>;
  readonly placeOfName: KeptPlace<Self>;
  /** Closes it; it leaves by `forget`. */
  discard(): void;
}

/**
 * The connections to one target that wait for a request. The one used last is taken first, so that the others can grow
 * old and go. They are told apart by name only where requests say it: clients can say as many as they like, so a new name
 * always finds room, and no request pays for the number of others.
 */
export class KeptConnections<Connection extends Keepable<Connection>> {
  readonly #all = new KeptList<Connection>();
  /** How all of them are secured. */
  #tls: Secured | null = null;
  /** null: they are all as good for any request. No list in it is empty. */
  #names: Map<string, KeptList<Connection>> | null = null;

  get isEmpty(): boolean {
    return this.#all.count === 0;
  }

  /**
   * Takes a connection out that is secured by `tls`, to a target of this name; null: there is none. Those that were
   * secured in another way are closed: the settings have changed. `since`: one that has waited for longer is left where
   * it is.
   */
  take(tls: Secured | null, serverName: string, since = 0): Connection | null {
    if (tls !== this.#tls) this.#secureBy(tls);
    const names = this.#names;
    const place = names === null ? this.#all.newest : (names.get(serverName)?.newest ?? null);
    if (place === null || place.connection.idleSince < since) return null;
    this.forget(place.connection);
    return place.connection;
  }

  /** Keeps a connection; false: it is secured in another way than those that are asked for. */
  keep(connection: Connection): boolean {
    if (connection.tls !== this.#tls) return false;
    const { oldest } = this.#all;
    if (this.#all.count === MOST_KEPT && oldest !== null) oldest.connection.discard();
    if (this.#names !== null) this.#keepByName(this.#names, connection);
    this.#all.push(connection.place);
    return true;
  }

  /** Takes one particular connection out; false: it was not kept. */
  forget(connection: Connection): boolean {
    const { place, placeOfName } = connection;
    if (place.list === null) return false;
    this.#all.remove(place);
    const named = placeOfName.list;
    if (named !== null) {
      named.remove(placeOfName);
      if (named.count === 0) this.#names?.delete(connection.serverName);
    }
    return true;
  }

  /** Closes the one that has waited longest; false: there is none. */
  closeOldest(): boolean {
    const { oldest } = this.#all;
    oldest?.connection.discard();
    return oldest !== null;
  }

  /** Closes all of them. */
  clear(): void {
    for (let { oldest } = this.#all; oldest !== null; oldest = this.#all.oldest) oldest.connection.discard();
  }

  #keepByName(names: Map<string, KeptList<Connection>>, connection: Connection): void {
    const oldest = names.get(connection.serverName)?.oldest ?? null;
    if (oldest?.list?.count === MOST_KEPT_OF_NAME) oldest.connection.discard();
    let list = names.get(connection.serverName);
    if (list === undefined) {
      list = new KeptList();
      names.set(connection.serverName, list);
    }
    list.push(connection.placeOfName);
  }

  #secureBy(tls: Secured | null): void {
    this.clear();
    this.#tls = tls;
    this.#names = tls?.isNamedByRequest === true ? new Map() : null;
  }
}
