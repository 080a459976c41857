import { portsOf, transportsOf } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { Endpoint } from '../reactor/reactor.ts';
import { placeKey } from '../sockets/place-key.ts';
import type { Place } from './listening.ts';
import type { WorkerSockets } from './messages.ts';

/**
 * Which of the sockets a worker accepts from: those whose number, modulo `of`, is one of `mine`. A worker has its own,
 * those of a worker that is being replaced too, or none while another process accepts.
 */
export interface Shares {
  readonly of: number;
  readonly mine: readonly number[];
}

/** All that there is. */
export const EVERYTHING: Shares = { of: 1, mine: [0] };

/** Where a worker accepts for a listener. Without `sockets` it opens one per address and port itself. */
export function placesOf(planned: PlannedListener, sockets: WorkerSockets | null, { of, mine }: Shares): Place[] {
  if (!transportsOf(planned).tcp) return [];
  return endpointsOf(planned).flatMap(({ address, port }): Place[] => {
    if (sockets === null) return [{ address, port, descriptor: null }];
    const descriptors = sockets[placeKey(address, port)] ?? [];
    return descriptors.filter((_, i) => mine.includes(i % of)).map((descriptor) => ({ address, port, descriptor }));
  });
}

/** Where a worker receives datagrams for a listener: by a socket of its own, unless another process receives them. */
export function datagramPlacesOf(planned: PlannedListener, { mine }: Shares): Endpoint[] {
  return transportsOf(planned).udp && mine.length > 0 ? endpointsOf(planned) : [];
}

function endpointsOf(planned: PlannedListener): Endpoint[] {
  const ports = portsOf(planned);
  return planned.addresses.flatMap((address) => ports.map((port) => ({ address, port })));
}
