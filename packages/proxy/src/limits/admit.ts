import type { Connection } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { isWithin } from './admit-by-source.ts';
import { Limit, NO_LIMIT } from './limit.ts';

/**
 * Decides on a connection that was just accepted, before anything else is done for it. True: it has a place, which
 * whoever ends it gives back with `Listener.leave`. False: it has been turned away.
 */
export function admitConnection(worker: WorkerContext, listener: Listener, connection: Connection): boolean {
  const limit = listener.pacer?.isFull === true ? Limit.bandwidth : limitOfConnection(worker, listener);
  if (limit === NO_LIMIT) return true;
  worker.turnAway.turnAway(listener, connection, limit);
  return false;
}

/** Why nothing new is begun for a listener; `NO_LIMIT`: a place for it is taken, as `admitConnection` has it. */
export function limitOfConnection(worker: WorkerContext, listener: Listener): Limit | typeof NO_LIMIT {
  if (worker.overload.refusesConnection()) return Limit.overload;
  const { connectionsPerSecond: rate } = listener.limits;
  const { now } = worker.reactor;
  if (rate < Number.POSITIVE_INFINITY && !listener.shared.connectionRate.take(rate, now + worker.sharedClockOffset)) {
    return Limit.connectionsPerSecond;
  }
  const { together } = listener;
  if (together !== null && !together.takeConnection(now + worker.sharedClockOffset)) {
    return Limit.loadBalancerConnectionsPerSecond;
  }
  if (!listener.enter()) return Limit.connections;
  if (together === null || !together.isBeyond) return NO_LIMIT;
  listener.leave();
  return Limit.loadBalancerConnections;
}

/** Decides on a request of `client` that begins on a connection that is there. */
export function limitOfRequest(worker: WorkerContext, listener: Listener, client: Client): Limit | typeof NO_LIMIT {
  const { limits, shared } = listener;
  if (worker.overload.sheds && worker.overload.refusesRequest()) return Limit.overload;
  if (!limits.asksOfRequests) return NO_LIMIT;
  if (listener.pacer?.isFull === true) return Limit.bandwidth;
  const ofSource = limits.sources === null ? null : limits.sources.requests;
  if (ofSource !== null && !isWithin(worker, listener, ofSource, client.ip)) return Limit.sourceRequestsPerSecond;
  const now = worker.reactor.now + worker.sharedClockOffset;
  const { requestsPerSecond: rate } = limits;
  if (rate < Number.POSITIVE_INFINITY && !shared.requestRate.take(rate, now)) return Limit.requestsPerSecond;
  const { together } = listener;
  return together === null || together.takeRequest(now) ? NO_LIMIT : Limit.loadBalancerRequestsPerSecond;
}
