import type { Logger } from 'pino';
import type { Validators } from './api/validation.ts';
import type { Refusals } from './audit/refusals.ts';
import { backUpWhenDue, rotateWhenOld, saveWhatWaits, warmUp, watchTraffic } from './background-work.ts';
import type { Backups } from './backup/backups.ts';
import type { Role } from './leadership/role.ts';
import type { Membership } from './nodes/membership/membership.ts';
import type { OperationTracker } from './nodes/operations.ts';
import type { NodeRegistry } from './nodes/registry.ts';
import type { Store } from './store/store.ts';
import type { TrafficWatch } from './traffic/traffic-watch.ts';

/** Milliseconds: how often outcomes of operations, what was refused, and what has yet to be on the disk are written. */
const FLUSH = 1_000;
/** Milliseconds: how often the age of keys is looked at. */
const ROTATION_CHECK = 600_000;
/** Milliseconds: how often it is looked whether a backup is due. The first is made as long after the start. */
const BACKUP_CHECK = 60_000;
/** Milliseconds: how often nodes are asked what load balancers have carried. */
const TRAFFIC_LOOK = 60_000;
/** Milliseconds: how often what nodes have acknowledged is kept. */
const NODES_KEPT = 60_000;
/** Milliseconds after the start that requests and agents have to themselves; then validators are made ready. */
const WARM_UP = 2_000;

export interface RegularWorkOptions {
  /** Only who leads writes. */
  readonly role: Role;
  readonly store: Store;
  readonly nodes: Pick<NodeRegistry, 'keepNews'>;
  readonly membership: Pick<Membership, 'unwritten' | 'zoneKeys'>;
  readonly backups: Backups;
  readonly operations: OperationTracker;
  readonly refusals: Refusals;
  readonly validators: Validators;
  readonly traffic: TrafficWatch;
  readonly logger: Logger;
}

/** What a control plane does again and again while it runs. Returns what ends it. */
export function beginRegularWork(options: RegularWorkOptions): () => void {
  const { role, store, nodes, membership, backups, operations, refusals, validators, traffic, logger } = options;
  const warming = setTimeout(warmUp, WARM_UP, validators).unref();
  const rotator = setInterval(() => {
    if (!role.leads) return;
    rotateWhenOld(store, logger);
    membership.zoneKeys.rotate();
  }, ROTATION_CHECK);
  if (role.leads) rotateWhenOld(store, logger);
  const archivist = setInterval(() => role.leads && backUpWhenDue(backups, logger), BACKUP_CHECK);
  const flusher = setInterval(() => {
    if (!role.leads) return;
    // With time alone, a node is waited for no more.
    if (operations.pending > 0) operations.settle();
    void saveWhatWaits({ store, operations, refusals, unwritten: membership.unwritten }, logger);
  }, FLUSH);
  const keeper = setInterval(() => role.leads && nodes.keepNews(), NODES_KEPT);
  const watcher = setInterval(() => watchTraffic(traffic, role, logger), TRAFFIC_LOOK);
  return () => {
    clearTimeout(warming);
    for (const timer of [rotator, archivist, flusher, keeper, watcher]) clearInterval(timer);
  };
}
