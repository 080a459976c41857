import { createIdSource, type IdSource } from '@evenkeel/model/identifiers.ts';
import type { BackupRecord } from '../backup/archive.ts';
import type { OperationTracker } from '../nodes/operations.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { TargetHealthTable } from '../nodes/target-health.ts';
import type { PlacementKeeper } from '../placement/keeper.ts';
import type { Store } from '../store/store.ts';
import { saveNotices } from './certificate-notices.ts';
import { EventLog, type EventLogOptions } from './log.ts';
import { EventStreams } from './streams.ts';
import { CertificateWatch } from './watch-certificates.ts';
import { DutyWatch, drainEvent } from './watch-duties.ts';
import { NodeWatch } from './watch-nodes.ts';
import { settledEvent } from './watch-operations.ts';
import { TargetWatch } from './watch-targets.ts';

/** Milliseconds: how often nodes are looked at, and certificates. */
const NODES = 1_000;
const CERTIFICATES = 600_000;

export interface EventHubOptions {
  readonly store: Store;
  readonly nodes: NodeRegistry;
  readonly health: TargetHealthTable;
  readonly operations: OperationTracker;
  readonly drains: Pick<PlacementKeeper, 'drainageBy'>;
  /** Whether there is a node of that name. */
  readonly isNode: (id: string) => boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Ends when the control plane stops. */
  readonly closing: AbortSignal;
  /** Told of what went wrong; it is tried again. */
  readonly failed: (error: unknown) => void;
  readonly also: EventLogOptions['also'];
  /** Days before the end of a certificate on which it is told. */
  readonly certificateNotice: readonly number[];
}

/** Events of the whole control plane: what notices them, where they are kept, and who follows them. */
export class EventHub {
  readonly log: EventLog;
  readonly streams: EventStreams;
  readonly #options: EventHubOptions;
  readonly #certificates: CertificateWatch;
  #ids: IdSource;
  /** Null while this control plane does not lead. */
  #duties: DutyWatch | null = null;
  #timers: NodeJS.Timeout[] = [];
  /** By node: when it was heard before this control plane began, in Unix milliseconds. */
  #heardAt: ReadonlyMap<string, number> = new Map();

  constructor(options: EventHubOptions) {
    const { store, health, operations, now, random, closing, failed, certificateNotice } = options;
    this.#options = options;
    this.#ids = createIdSource(now, random);
    const also: EventLogOptions['also'] = async (trx, rows) => {
      await saveNotices(trx, rows);
      await options.also(trx, rows);
    };
    this.log = new EventLog({ store, nextId: () => this.#ids.next('event'), now, failed, also });
    this.streams = new EventStreams({ store, closing });
    this.log.onWritten((rows) => this.streams.written(rows));
    const emit = this.log.emit.bind(this.log);
    this.#certificates = new CertificateWatch(store, certificateNotice, now, emit);
    const targets = new TargetWatch(health, () => store.state, emit);
    health.onReport((node, reports) => targets.reported(reports, this.#heardAt.get(node) ?? 0));
    operations.onSettled((operation, outcome) => {
      emit(settledEvent(operation, outcome));
      const ended = drainEvent(operation, outcome, options.drains.drainageBy(operation));
      if (ended !== null) emit(ended);
    });
    store.onCommit(({ duties }) => this.#duties?.look(duties));
  }

  /** Notices what happens from now on: this control plane leads. */
  async begin(): Promise<void> {
    const { store, nodes, now, random, isNode } = this.#options;
    const emit = this.log.emit.bind(this.log);
    this.end();
    this.log.resume();
    this.#heardAt = new Map(nodes.list().map(({ id, lastSeenAt }) => [id, lastSeenAt]));
    const watch = new NodeWatch(
      () => nodes.list(),
      () => store.state,
      now,
      emit,
    );
    this.#duties = new DutyWatch(store.state.duties, isNode, emit);
    this.#timers = [
      setInterval(() => watch.look(), NODES),
      setInterval(() => this.#lookAtCertificates(), CERTIFICATES),
    ];
    const newest = await store.read((db) =>
      db.selectFrom('event').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst(),
    );
    this.#ids = createIdSource(now, random, newest?.id);
    this.#lookAtCertificates();
  }

  backupMade({ id, reason, description }: Pick<BackupRecord, 'id' | 'reason' | 'description'>): void {
    const subject = { kind: 'backup', id, name: '' };
    const message = `Backup ${id} was made (${reason}).`;
    this.log.emit({ kind: 'backup.made', tenantId: null, subject, message, data: { reason, description } });
  }

  backupFailed(reason: string): void {
    const subject = { kind: 'backup', id: 'none', name: '' };
    const message = `A backup could not be made: ${reason}.`;
    this.log.emit({ kind: 'backup.failed', tenantId: null, subject, message, data: { reason } });
  }

  backupUntestable({ id }: Pick<BackupRecord, 'id'>, reason: string): void {
    const subject = { kind: 'backup', id, name: '' };
    const message = `Backup ${id} could not be restored in a test: ${reason}.`;
    this.log.emit({ kind: 'backup.failed', tenantId: null, subject, message, data: { reason } });
  }

  /** Looks at nothing any more: what goes away now does so because this control plane ends, or leads no longer. */
  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#duties = null;
  }

  /** Another control plane leads: it has the nodes now, and notices for itself. */
  deposed(): void {
    this.end();
    this.log.stop();
    this.streams.endAll();
  }

  /** Writes what was noticed. */
  close(): Promise<void> {
    return this.log.close();
  }

  #lookAtCertificates(): void {
    this.#certificates.look().catch(this.#options.failed);
  }
}
