import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import { bindOnly } from '../reactor/ffi/sockets.ts';
import { refusal } from '../sockets/refusal.ts';

/** Says why a listener cannot have an address, or null when nothing is in the way. */
export type AddressProbe = (listenerId: string, address: string, port: number) => RefusedListener | null;

/**
 * Binds the address for a moment, without SO_REUSEPORT and without listening: that fails when any socket listens there,
 * also one that would share the port with another process of the same user.
 */
export const probeByBinding: AddressProbe = (listenerId, address, port) => {
  const code = bindOnly({ address, port });
  return code === null ? null : refusal(listenerId, code, address, port);
};
