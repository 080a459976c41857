import { close } from '../ffi/libc.ts';
import { AF_INET } from '../ffi/sockaddr.ts';
import { openConnecting } from '../ffi/sockets.ts';
import { EINVAL } from './errno.ts';
import { Operations } from './operations.ts';
import type { Ring } from './ring.ts';

/** A kernel answers at once. */
const PATIENCE = 1000;

/**
 * Whether the kernel lets a multishot receive be limited in bytes (Linux 6.17). Older ones refuse the entry as invalid
 * before they look at the socket; the others find that it is not connected. The ring must be new and unused.
 */
export function receiveLimits(ring: Ring): boolean {
  const opened = openConnecting(AF_INET);
  if (!('descriptor' in opened)) return false;
  new Operations(ring, true).receive(0, opened.descriptor);
  ring.submitAndWait(PATIENCE);
  const head = ring.head;
  const answered = ring.loadTail() !== head;
  const result = ring.words[ring.completions + ((head & ring.completionMask) << 2) + 2];
  if (answered) ring.storeHead((head + 1) | 0);
  close(opened.descriptor);
  return answered && result !== -EINVAL;
}
