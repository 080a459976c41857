import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { Connection, ConnectionHandler, Endpoint, Reactor } from '../reactor/reactor.ts';
import { type AnnouncedClient, announce } from '../source-address/proxy-protocol/announce.ts';
import { TargetCell } from '../telemetry/cells.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import type { Target } from './target.ts';

/** How connections to the targets of a service are made. */
export interface WayToTargets {
  readonly planned: PlannedService;
  /** null: in the clear. */
  readonly tls: TargetTls | null;
}

/**
 * Begins a connection to a target for a client, as its service has it: from the client's own address (`transparent`),
 * with a PROXY header in front of everything else, over TLS if the target is then `serverName`. The outcome reaches
 * `handler`. `endpoint`: where the target listens for it.
 */
export function connectTarget(
  reactor: Reactor,
  { planned, tls }: WayToTargets,
  target: Target,
  client: AnnouncedClient,
  serverName: string,
  handler: ConnectionHandler,
  endpoint: Endpoint = target.endpoint,
): Connection {
  if (tls === null) return connectPlain(reactor, planned, target, client, handler, endpoint);
  const open = (secure: ConnectionHandler) => connectPlain(reactor, planned, target, client, secure, endpoint);
  return tls.connect(reactor, serverName, open, handler);
}

function connectPlain(
  reactor: Reactor,
  service: PlannedService,
  target: Target,
  client: AnnouncedClient,
  handler: ConnectionHandler,
  endpoint: Endpoint,
): Connection {
  if (!isBoundToClient(service)) return reactor.connect(endpoint, handler);
  const from = service.transparent ? client.remoteAddress : '';
  const connection = reactor.connect(endpoint, handler, from);
  if (service.proxyProtocol !== 0) {
    const length = announce(reactor.arena, connection, service.proxyProtocol, client);
    target.cells[TargetCell.bytesSent]! += length;
    // Without its header the connection would be another client's: it fails, and another attempt may find a buffer.
    if (length === 0) connection.abort();
  }
  return connection;
}

/** Whether a connection to a target tells of one client, so that no other may use it. */
export function isBoundToClient(service: PlannedService): boolean {
  return service.proxyProtocol !== 0 || service.transparent;
}
