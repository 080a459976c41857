import { HttpSession } from '../http1/session.ts';
import type { Connection } from '../reactor/reactor.ts';
import type { BeginSession } from '../source-address/accept-client.ts';
import type { Client } from '../source-address/client.ts';
import { Handshake } from '../tls/handshake.ts';
import type { ListenerTls } from '../tls/listener-tls.ts';
import { ServerNameWait } from '../tls/server-name-wait.ts';
import type { WorkerTls } from '../tls/worker-tls.ts';
import { TunnelSession } from '../tunnel/session.ts';
import type { WorkerContext } from './context.ts';
import type { Listener, ServiceSource } from './listener.ts';

/** What is done with the connections of a listener once their clients are known. */
export function sessionsOf(worker: WorkerContext, tls: WorkerTls, listener: Listener): BeginSession {
  const http: BeginSession = (connection, client) => {
    const session = new HttpSession(worker, listener, connection, client);
    connection.handler = session;
    listener.addSession(session);
  };
  const tunnel: BeginSession = (connection, client) => beginTunnel(worker, listener, connection, client, listener);
  const named: BeginSession = (connection, client) => {
    const names = listener.serverNames;
    if (names === null) {
      tunnel(connection, client);
      return;
    }
    new ServerNameWait(worker, listener, connection, client, (serverName) =>
      beginTunnel(worker, listener, connection, client, names.find(serverName) ?? listener),
    );
  };
  const secure = (begin: BeginSession): BeginSession => {
    const choice = (): ListenerTls => {
      if (listener.tls === null) throw new Error('a secure listener has its TLS before its sockets');
      return listener.tls;
    };
    return (connection, client) => {
      new Handshake(worker, tls.library, listener, choice, connection, client, begin);
    };
  };
  switch (listener.planned.protocol) {
    case 'http':
      return http;
    case 'https':
      return secure(http);
    case 'tcp':
    case 'tcp-udp':
    case 'udp':
      return named;
    case 'tls':
      return secure(tunnel);
  }
}

function beginTunnel(
  worker: WorkerContext,
  listener: Listener,
  connection: Connection,
  client: Client,
  source: ServiceSource,
): void {
  const session = new TunnelSession(worker, listener, connection, client, source);
  connection.handler = session;
  listener.addSession(session);
  session.open();
}
