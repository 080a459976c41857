import { type Arena, NO_BUFFER } from '../../reactor/arena.ts';
import type { Connection } from '../../reactor/reactor.ts';
import { type ConnectionEnds, composeV1, composeV2, type TlsFacts } from './compose.ts';

/** Whom a connection to a target is made for. */
export interface AnnouncedClient extends ConnectionEnds {
  /** Of the client's TLS, when it ends here. */
  readonly tls: TlsFacts | null;
}

/**
 * Queues the PROXY header as the first thing that a target hears on a new connection. Returns its length in bytes; 0 when
 * no buffer is free, and the connection is of no use.
 */
export function announce(arena: Arena, upstream: Connection, version: 1 | 2, client: AnnouncedClient): number {
  const buffer = arena.acquire();
  if (buffer === NO_BUFFER) return 0;
  const header = version === 1 ? composeV1(client) : composeV2(client, client.tls);
  const start = arena.base(buffer);
  arena.memory.set(header, start);
  upstream.send(buffer, start, start + header.length);
  return header.length;
}
