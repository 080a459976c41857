import type { ConnectionContext } from '../connection-context.ts';
import type { MappedArena } from '../mapped-arena.ts';
import type { UringConnection } from './connection.ts';
import type { Operations } from './operations.ts';
import type { ReceiveBuffers } from './receive-buffers.ts';
import type { Trace } from './remains.ts';
import type { Slots } from './slots.ts';
import type { SubmissionScratch } from './submission-scratch.ts';

/** What connections share with their reactor. */
export interface UringContext extends ConnectionContext {
  readonly arena: MappedArena;
  readonly operations: Operations;
  readonly scratch: SubmissionScratch;
  readonly buffers: ReceiveBuffers;
  readonly slots: Slots<UringConnection>;
  readonly trace: Trace;
  /** Has `fed` called when there are buffers to receive into. */
  starve(connection: UringConnection): void;
  /** Accepting may go on where it had stopped for want of descriptors. */
  descriptorFreed(): void;
}
