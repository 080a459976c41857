import { admitAnnouncedRate } from '../limits/admit-by-source.ts';
import { admitAnnounced } from '../protection/admit-source.ts';
import type { Connection } from '../reactor/reactor.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { Client } from './client.ts';
import { HeaderWait } from './header-wait.ts';
import { sourceSettingsOf } from './source-settings.ts';

/** Sets the handler of a connection whose client is known. */
export type BeginSession = (connection: Connection, client: Client) => void;

/**
 * Finds out who a new connection is from, and has its session begun: at once, or, where a trusted proxy has to announce
 * its client, when it has.
 */
export function acceptClient(
  worker: WorkerContext,
  listener: Listener,
  connection: Connection,
  begin: BeginSession,
): void {
  const { planned } = listener;
  const client = new Client(planned, connection);
  if (!sourceSettingsOf(planned).announced || !client.isTrusted) {
    begin(connection, client);
    return;
  }
  connection.handler = new HeaderWait(worker, listener, connection, client, (announced) => {
    const known = announced === null ? client : new Client(listener.planned, connection, announced);
    if (listener.gate !== null && !admitAnnounced(worker, listener, connection, known)) return;
    if (listener.limits.sources === null || admitAnnouncedRate(worker, listener, connection, known))
      begin(connection, known);
  });
}
