import type { Connection } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import { IpAddress } from '../source-address/ip-address.ts';
import { sourceSettingsOf } from '../source-address/source-settings.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { Limit, NO_LIMIT } from './limit.ts';
import type { SourceRate } from './source-table.ts';

/** Filled for the length of one call. */
const source = new IpAddress();

/**
 * Whether a connection that was just accepted is among those that its source may begin, before a place is taken for it.
 * False: it has been reset, as an answer would cost more than the question. Trusted proxies come with the connections of
 * many: those whom they announce are asked, see below. To be asked for listeners alone that limit sources.
 */
export function admitSourceRate(worker: WorkerContext, listener: Listener, connection: Connection): boolean {
  const rate = listener.limits.sources?.connections ?? null;
  if (rate === null) return true;
  source.parseText(connection.remoteAddress);
  const { trusted } = sourceSettingsOf(listener.planned);
  if (trusted?.has(source) === true || isWithin(worker, listener, rate, source)) return true;
  refuse(worker, listener, connection);
  return false;
}

/** The same for a client that a trusted proxy has announced by the PROXY protocol; the connection has a place already. */
export function admitAnnouncedRate(
  worker: WorkerContext,
  listener: Listener,
  connection: Connection,
  client: Client,
): boolean {
  const rate = listener.limits.sources?.connections ?? null;
  if (rate === null || client.isTrusted || isWithin(worker, listener, rate, client.ip)) return true;
  refuse(worker, listener, connection);
  listener.leave();
  return false;
}

/** Decides on a datagram; `begins`: there is no session of its client yet. */
export function limitOfDatagram(
  worker: WorkerContext,
  listener: Listener,
  address: string,
  begins: boolean,
): Limit | typeof NO_LIMIT {
  const { sources } = listener.limits;
  if (sources === null) return NO_LIMIT;
  const { packets, connections } = sources;
  if (packets === null && !(begins && connections !== null)) return NO_LIMIT;
  source.parseText(address);
  if (packets !== null && !isWithin(worker, listener, packets, source)) return Limit.sourcePacketsPerSecond;
  const isFull = begins && connections !== null && !isWithin(worker, listener, connections, source);
  return isFull ? Limit.sourceConnectionsPerSecond : NO_LIMIT;
}

/** Whether a source may have one more by this rate of the listener: one is taken then. */
export function isWithin(worker: WorkerContext, { shared }: Listener, rate: SourceRate, ip: IpAddress): boolean {
  return shared.sources.take(rate, ip, worker.reactor.now + worker.sharedClockOffset);
}

function refuse(worker: WorkerContext, { cells }: Listener, connection: Connection): void {
  cells[ListenerCell.connections]!++;
  cells[ListenerCell.reasons + EndReason.proxyAccept]!++;
  cells[ListenerCell.limits + Limit.sourceConnectionsPerSecond]!++;
  worker.turnAway.refuse(connection);
}
