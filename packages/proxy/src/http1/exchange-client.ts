import type { Connection } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import type { UpgradedSession } from '../upgrade/upgraded-session.ts';
import type { OwnConnections } from '../upstream/own-connections.ts';
import type { Listener } from '../worker/listener.ts';

/** A client's connection, as the exchange on it sees it. */
export interface ExchangeClient {
  readonly listener: Listener;
  readonly connection: Connection;
  /** Who is at its other end. */
  readonly client: Client;
  /** Kept connections to targets that tell of this client; null: none was ever kept. */
  own: OwnConnections | null;
  /** The target can take more of the request now. */
  onExchangeReady(): void;
  /** The exchange has ended with a switch of protocols; the session takes the connection over. */
  onSwitched(session: UpgradedSession): void;
  /** The exchange has ended and is counted; `keepAlive` and `lingers` say what becomes of the connection. */
  onExchangeOver(): void;
}

/** An exchange, as its sides see it: whose it is changes from one use to the next. */
export interface OwnedExchange {
  readonly session: ExchangeClient;
}
