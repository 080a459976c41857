import { admitConnection } from '../limits/admit.ts';
import { admitSourceRate } from '../limits/admit-by-source.ts';
import { admitSource } from '../protection/admit-source.ts';
import type { Connection } from '../reactor/reactor.ts';
import { acceptClient } from '../source-address/accept-client.ts';
import type { WorkerTls } from '../tls/worker-tls.ts';
import { sessionsOf } from './begin-session.ts';
import type { WorkerContext } from './context.ts';
import type { Listener } from './listener.ts';

/** What is done with every connection to a listener, in this order: may it be there, is there a place for it, who is it. */
export function accepting(worker: WorkerContext, tls: WorkerTls, listener: Listener): (connection: Connection) => void {
  const begin = sessionsOf(worker, tls, listener);
  return (connection) => {
    connection.pacer = listener.pacer;
    if (listener.gate !== null && !admitSource(worker, listener, connection)) return;
    if (listener.limits.sources !== null && !admitSourceRate(worker, listener, connection)) return;
    if (admitConnection(worker, listener, connection)) acceptClient(worker, listener, connection, begin);
  };
}
