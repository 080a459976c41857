import type { ConnectionContext } from '../connection-context.ts';
import type { StreamConnection } from '../stream-connection.ts';
import type { PortableArena } from './arena.ts';
import type { PortableConnection } from './connection.ts';

/** What connections and listening sockets share with their reactor. */
export interface PortableContext extends ConnectionContext {
  readonly arena: PortableArena;
  readonly connections: Set<StreamConnection>;
  /** Has `fed` called when there are buffers to receive into. */
  starve(connection: PortableConnection): void;
}
