import type { Connection } from '../reactor/reactor.ts';
import type { UpgradedSession } from '../upgrade/upgraded-session.ts';
import type { Listener } from '../worker/listener.ts';

/** The client's connection, as the exchange on it sees it. */
export interface ExchangeClient {
  readonly listener: Listener;
  readonly connection: Connection;
  /** What source-IP hash knows the client by. */
  readonly clientHash: number;
  /** The target can take more of the request now. */
  onExchangeReady(): void;
  /** The exchange has ended with a switch of protocols; the session takes the connection over. */
  onSwitched(session: UpgradedSession): void;
  /** The exchange has ended and is counted; `keepAlive` and `lingers` say what becomes of the connection. */
  onExchangeOver(): void;
}
