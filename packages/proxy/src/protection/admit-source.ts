import type { Connection } from '../reactor/reactor.ts';
import { IpAddress } from '../source-address/ip-address.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { ADMITTED, type Refusal, type Verdict } from './refusal.ts';
import type { Ends, Transport } from './source-gate.ts';

/** Filled for the length of one call. */
const source = new IpAddress();

/**
 * Whether a connection that was just accepted may be there, before a place is taken for it or anything is read. False:
 * it has been reset, since whoever may not connect is told nothing.
 */
export function admitSource(worker: WorkerContext, listener: Listener, connection: Connection): boolean {
  const verdict = verdictOn(listener, 'tcp', connection);
  if (verdict === ADMITTED) return true;
  listener.cells[ListenerCell.connections]!++;
  countRefused(listener, verdict);
  worker.turnAway.refuse(connection);
  return false;
}

/** The same for a client that a trusted proxy has announced: the block list and the deny list alone are about those. */
export function admitAnnounced(
  worker: WorkerContext,
  listener: Listener,
  connection: Connection,
  { ip }: { readonly ip: IpAddress },
): boolean {
  const verdict = listener.gate?.listed(ip) ?? ADMITTED;
  if (verdict === ADMITTED) return true;
  listener.cells[ListenerCell.connections]!++;
  countRefused(listener, verdict);
  worker.turnAway.refuse(connection);
  listener.leave();
  return false;
}

/** To be asked for listeners alone that have something against anybody. */
export function verdictOn({ gate }: Listener, transport: Transport, ends: Ends): Verdict {
  source.parseText(ends.remoteAddress);
  return gate === null ? ADMITTED : gate.verdict(transport, source, ends);
}

export function countRefused({ cells }: Listener, refusal: Refusal): void {
  cells[ListenerCell.reasons + EndReason.proxyAccept]!++;
  cells[ListenerCell.refused + refusal]!++;
}
