import type { TargetTls } from '../tls/target-tls.ts';
import type { UpstreamConnection } from './connection.ts';
import type { Target } from './target.ts';

/** Kept connections of one client; beyond it, the one that has waited longest is closed. */
const MOST = 4;

/**
 * Kept connections to targets that tell of one client, by PROXY protocol or by their source address: they carry further
 * requests of that client on the connection that they were made for, and nobody else's.
 */
export class OwnConnections {
  readonly #kept: UpstreamConnection[] = [];
  /** Whom they tell of. */
  #address = '';
  #port = 0;

  /** A connection to the target that still lives and tells of this client; null: there is none. */
  take(
    target: Target,
    address: string,
    port: number,
    tls: TargetTls | null,
    serverName: string,
    since: number,
  ): UpstreamConnection | null {
    if (address !== this.#address || port !== this.#port) {
      this.clear();
      return null;
    }
    const kept = this.#kept;
    for (let i = kept.length - 1; i >= 0; i--) {
      const connection = kept[i]!;
      const fits =
        connection.target === target &&
        connection.tls === tls &&
        connection.serverName === serverName &&
        connection.idleSince >= since;
      if (connection.waits && !fits) continue;
      kept.splice(i, 1);
      if (connection.waits) return connection;
    }
    return null;
  }

  /** Keeps a connection that has answered whole. */
  keep(connection: UpstreamConnection, address: string, port: number): void {
    if (address !== this.#address || port !== this.#port) this.clear();
    this.#address = address;
    this.#port = port;
    if (this.#kept.length === MOST) this.#kept.shift()?.discard();
    this.#kept.push(connection);
    connection.wait();
  }

  /** The client is gone. */
  clear(): void {
    for (const connection of this.#kept.splice(0)) connection.discard();
  }
}
