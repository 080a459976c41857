import type { Logger } from 'pino';
import type { Validators } from './api/validation.ts';
import type { Refusals } from './audit/refusals.ts';
import type { Backups } from './backup/backups.ts';
import type { BlockLists } from './block-list/block-lists.ts';
import type { Role } from './leadership/role.ts';
import type { Unwritten } from './nodes/membership/unwritten.ts';
import type { OperationTracker } from './nodes/operations.ts';
import { saveNode, saveOutcomes } from './nodes/persistence.ts';
import type { NodeRegistry } from './nodes/registry.ts';
import { rotateTicketKeys, ticketKeysAreOld } from './resources/ticket-keys.ts';
import type { State } from './state/state.ts';
import type { Store } from './store/store.ts';
import type { TrafficWatch } from './traffic/traffic-watch.ts';

/** What a control plane does besides answering requests, each once when it is called. */

/** What is known of nodes and operations, when the control plane stops. */
export async function saveAll(
  store: Store,
  nodes: NodeRegistry,
  operations: OperationTracker,
  traffic: TrafficWatch,
  logger: Logger,
): Promise<void> {
  try {
    for (const node of nodes.list()) await saveNode(store, node);
    await saveOutcomes(store, operations);
    await traffic.save();
    traffic.end();
  } catch (error) {
    logger.error({ err: error }, 'what is known of the nodes could not be saved');
  }
}

export interface Waiting {
  readonly store: Store;
  readonly operations: OperationTracker;
  readonly refusals: Refusals;
  readonly unwritten: Unwritten;
}

/** Outcomes of operations, refusals, and what was revoked while it could not be written. What fails is tried again. */
export async function saveWhatWaits(
  { store, operations, refusals, unwritten }: Waiting,
  logger: Logger,
): Promise<void> {
  const failed = (what: string) => (error: unknown) => logger.error({ err: error }, `${what} could not be written`);
  await Promise.all([
    saveOutcomes(store, operations).catch(failed('outcomes of operations')),
    refusals.flush().catch(failed('refusals')),
    unwritten.flush().catch(failed('what was revoked')),
  ]);
}

/** Makes the backup that the policy asks for. */
export function backUpWhenDue(backups: Backups, logger: Logger): void {
  backups.tick((error) => logger.error({ err: error }, 'the backup that was due could not be made'));
}

/** Asks the nodes what load balancers have carried; only who leads is connected with them. */
export function watchTraffic(traffic: TrafficWatch, { leads }: Role, logger: Logger): void {
  if (!leads) traffic.end();
  else traffic.look().catch((error) => logger.error({ err: error }, 'what load balancers carry could not be kept'));
}

/** What is left of tenants that are gone. */
export function forgetBlockLists(blockLists: BlockLists, { tenants }: State, logger: Logger): void {
  blockLists
    .keepOnly(tenants)
    .catch((error) => logger.error({ err: error }, 'the block list of a tenant that is gone could not be taken out'));
}

/** Changes the keys of session tickets once a day. */
export function rotateWhenOld(store: Store, logger: Logger): void {
  if (!ticketKeysAreOld(store.state, Date.now())) return;
  store
    .write({ action: 'rotateTicketKeys', actor: 'evenkeel', requestId: '', run: rotateTicketKeys })
    .catch((error) => logger.error({ err: error }, 'the keys of session tickets could not be changed'));
}

/** Milliseconds between two validators. */
const WARM_UP_PACE = 10;
/** The share of a pause for which this thread may have worked when there is time for something that nobody waits for. */
const HARDLY_BUSY = 0.3;

/**
 * Compiles validators one by one while there is little else to do, so that hardly a request has to wait for its own, and
 * none for those of others.
 */
export function warmUp(validators: Validators): void {
  let before = performance.eventLoopUtilization();
  const look = (): void => {
    const isIdle = performance.eventLoopUtilization(before).utilization < HARDLY_BUSY;
    const isDone = isIdle && !validators.warm();
    before = performance.eventLoopUtilization();
    if (!isDone) setTimeout(look, WARM_UP_PACE).unref();
  };
  setTimeout(look, WARM_UP_PACE).unref();
}
