import type { Socket } from 'node:net';

/** The descriptor of a socket that is open, for questions to the system; -1: Node does not say. It is not documented. */
export function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: unknown } | null };
  const descriptor = handle?.fd;
  return typeof descriptor === 'number' ? descriptor : -1;
}
