import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';

/** Why a listener cannot have an address. `systemCode`: the system's name of the error. */
export function refusal(listenerId: string, systemCode: string, address: string, port: number): RefusedListener {
  return { listenerId, code: refusalCode(systemCode), detail: explain(systemCode, address, port) };
}

/** The plan stream's word for a system error. */
export function refusalCode(systemCode: string): string {
  switch (systemCode) {
    case 'EADDRINUSE':
      return 'address-in-use';
    case 'EADDRNOTAVAIL':
      return 'address-not-available';
    case 'EACCES':
    case 'EPERM':
      return 'permission-denied';
    default:
      return 'failed';
  }
}

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
    case 'EMFILE':
    case 'ENFILE':
      return `${place} cannot be opened: this node is out of file descriptors (${code}); raise LimitNOFILE`;
    default:
      return `${place} cannot be bound: ${code}`;
  }
}
