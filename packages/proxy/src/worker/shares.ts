import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
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

/** Where a worker accepts for a listener. Without `sockets` it opens one per address itself. */
export function placesOf(planned: PlannedListener, sockets: WorkerSockets | null, { of, mine }: Shares): Place[] {
  return planned.addresses.flatMap((address): Place[] => {
    if (sockets === null) return [{ address, descriptor: null }];
    const descriptors = sockets[address] ?? [];
    return descriptors.filter((_, i) => mine.includes(i % of)).map((descriptor) => ({ address, descriptor }));
  });
}
