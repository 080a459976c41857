import type { Backups } from '../backup/backups.ts';
import type { EventHub } from '../events/hub.ts';
import type { Role } from '../leadership/role.ts';
import type { OperationTracker } from '../nodes/operations.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { keepPlacement } from '../placement/keep.ts';
import type { Store } from '../store/store.ts';
import { expiringFirst, staplesFirst } from './expiry.ts';
import type { Observed } from './metrics.ts';

export interface GaugeSources {
  readonly store: Store;
  readonly role: Role;
  readonly nodes: NodeRegistry;
  readonly operations: OperationTracker;
  readonly placement: ReturnType<typeof keepPlacement>;
  readonly backups: Backups;
  readonly events: EventHub;
}

/** What the metrics read when they are asked for. */
export function gaugesOf({ store, role, nodes, operations, placement, backups, events }: GaugeSources): Observed {
  return {
    generation: () => store.state.generation,
    leads: () => role.leads,
    nodes: () => nodes.size,
    nodesOnline: () => nodes.online,
    ...placement.observed,
    operationsPending: () => operations.pending,
    operationsAwaited: () => operations.waiting,
    writesWaiting: () => store.waiting,
    expiring: () => expiringFirst(store.state),
    staples: () => staplesFirst(store.state),
    backupAt: () => backups.lastSuccessAt / 1_000,
    backupFailures: () => backups.failures,
    eventsLost: () => events.log.lost,
    eventStreams: () => events.streams.size,
  };
}
