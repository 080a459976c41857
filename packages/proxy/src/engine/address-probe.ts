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
  return code === null ? null : { listenerId, code: refusalCode(code), detail: explain(code, address, port) };
};

function explain(code: string, address: string, port: number): string {
  const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is in use by another program on this node`;
    case 'EADDRNOTAVAIL':
      return `${address} is not an address of this node`;
    case 'EACCES':
    case 'EPERM':
      return `this node may not listen on ${place}: ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE`;
    default:
      return `${place} cannot be bound: ${code}`;
  }
}
