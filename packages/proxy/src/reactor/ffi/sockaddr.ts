import { isIPv6 } from 'node:net';
import { canonicalAddress, formatIPv4, parseIPv4 } from '@evenkeel/model/address.ts';
import type { Endpoint } from '../reactor.ts';
import { inetPton } from './libc.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;

/** Room for any socket address of these families (sockaddr_in: 16 bytes, sockaddr_in6: 28). */
export const SOCKADDR_SIZE = 32;

const SOCKADDR_IN_SIZE = 16;
const SOCKADDR_IN6_SIZE = 28;

/** AF_INET or AF_INET6 for a literal without zone, else 0. */
export function addressFamily(address: string): number {
  if (parseIPv4(address) !== null) return AF_INET;
  return isIPv6(address) && !address.includes('%') ? AF_INET6 : 0;
}

/**
 * Writes sockaddr_in or sockaddr_in6 at `offset`, which lies at address `pointer`.
 * Returns its size, or 0 when the address is not a literal without zone.
 */
export function writeSockaddr(view: DataView, offset: number, pointer: number, endpoint: Endpoint): number {
  view.setUint16(offset + 2, endpoint.port);
  const ipv4 = parseIPv4(endpoint.address);
  if (ipv4 !== null) {
    view.setUint16(offset, AF_INET, true);
    view.setUint32(offset + 4, ipv4);
    view.setFloat64(offset + 8, 0);
    return SOCKADDR_IN_SIZE;
  }
  if (addressFamily(endpoint.address) !== AF_INET6) return 0;
  view.setUint16(offset, AF_INET6, true);
  view.setUint32(offset + 4, 0);
  view.setUint32(offset + 24, 0);
  return inetPton(AF_INET6, endpoint.address, pointer + 8) === 1 ? SOCKADDR_IN6_SIZE : 0;
}

/** Reads what the kernel wrote; an unknown family gives an empty address. */
export function readSockaddr(view: DataView, offset: number): Endpoint {
  const port = view.getUint16(offset + 2);
  switch (view.getUint16(offset, true)) {
    case AF_INET:
      return { address: formatIPv4(view.getUint32(offset + 4)), port };
    case AF_INET6:
      return { address: formatIPv6(view, offset + 8), port };
    default:
      return { address: '', port: 0 };
  }
}

function formatIPv6(view: DataView, offset: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(offset + index * 2).toString(16));
  return canonicalAddress(groups.join(':')) as string;
}
