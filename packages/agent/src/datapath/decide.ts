import { BORROWED_RANGE } from '@evenkeel/flow/datapath/borrowed-range.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { kernelModeOf } from './kernel-mode.ts';
import { unkeptSetting } from './settings.ts';

/** What decides on this machine. */
export interface Machine {
  /** Whether a parameter is set by which it forwards packets: one of `FORWARDING`. */
  readonly forwards: (parameter: string) => boolean;
  /** The first of the ports that connections of its own may have. */
  readonly firstLocalPort: () => number;
  /** Whether it has this address itself. */
  readonly isOwn: (address: string) => boolean;
  /** Why it would drop answers of a target that NAT has given the VIP as their source, where it routes them; empty: it does not. */
  readonly refusesAnswers: (vip: string, target: string) => string;
}

/** Why the kernel cannot carry a listener of a network load balancer as it is planned, as one sentence; empty: it can. */
export function whyNotKernel(listener: PlannedListener, service: EngineService | null, machine: Machine): string {
  const loopback = listener.addresses.find(isLoopback);
  if (loopback !== undefined) return `${loopback} is a loopback address, whose packets pass no device`;
  if (service === null) return 'it has no backend service yet';
  const planned = service.service;
  const unkept = unkeptSetting(listener, planned);
  if (unkept !== '') return unkept;
  const own = service.targets.find(({ address }) => machine.isOwn(address));
  if (own !== undefined) return `${own.address} is this node itself, whose answers pass no device`;
  const families = new Set(listener.addresses.map(familyOf));
  const foreign = service.targets.find(({ address }) => !families.has(familyOf(address)));
  const mode = kernelModeOf(planned);
  if (mode === 'nat' || mode === 'source-nat') {
    const other =
      foreign?.address ?? listener.addresses.find((address) => familyOf(address) !== familyOf(listener.addresses[0]!));
    if (other !== undefined) return `${other}: address translation does not go between IPv4 and IPv6`;
    for (const family of families) {
      if (!machine.forwards(FORWARDING[family])) return `${NOT_FORWARDED}: sysctl -w ${FORWARDING[family]}=1`;
    }
    const refused = refusedAnswers(listener, service, machine);
    if (refused !== '') return refused;
  }
  const first = machine.firstLocalPort();
  if (mode === 'source-nat' && first <= BORROWED_RANGE.last) {
    const borrowed = `ports ${BORROWED_RANGE.first} to ${BORROWED_RANGE.last} are for the clients of source NAT`;
    return `${borrowed}, and this machine gives ${first} and up to connections of its own: sysctl -w ${FREE_PORTS}`;
  }
  return '';
}

/** One target that clients never hear of is enough: its share of the connections would be lost. */
function refusedAnswers({ addresses }: PlannedListener, { targets }: EngineService, machine: Machine): string {
  for (const vip of addresses) {
    for (const { address } of targets) {
      const reason = machine.refusesAnswers(vip, address);
      if (reason !== '') return reason;
    }
  }
  return '';
}

/** What Linux has unless told. */
const FREE_PORTS = 'net.ipv4.ip_local_port_range="32768 60999"';
export const NOT_FORWARDED = 'this machine does not forward packets';
export const FORWARDING = { 4: 'net.ipv4.ip_forward', 6: 'net.ipv6.conf.all.forwarding' } as const;

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
