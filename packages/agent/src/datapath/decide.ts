import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { unkeptSetting } from './settings.ts';

/**
 * Why the kernel cannot carry a listener of a network load balancer as it is planned, as one sentence; empty: it can.
 * `canRoute`: whether this machine forwards packets of a family.
 */
export function whyNotKernel(
  listener: PlannedListener,
  service: EngineService | null,
  canRoute: (family: 4 | 6) => boolean,
): string {
  const loopback = listener.addresses.find(isLoopback);
  if (loopback !== undefined) return `${loopback} is a loopback address, whose packets pass no device`;
  if (service === null) return 'it has no backend service yet';
  const planned = service.service;
  const unkept = unkeptSetting(listener, planned);
  if (unkept !== '') return unkept;
  const families = new Set(listener.addresses.map(familyOf));
  const foreign = service.targets.find(({ address }) => !families.has(familyOf(address)));
  const mode = planned.forwardingMode ?? 'nat';
  if (mode === 'nat') {
    const other =
      foreign?.address ?? listener.addresses.find((address) => familyOf(address) !== familyOf(listener.addresses[0]!));
    if (other !== undefined) return `${other}: address translation does not go between IPv4 and IPv6`;
    for (const family of families) {
      if (!canRoute(family)) return `${NOT_FORWARDED}: sysctl -w ${FORWARDING[family]}=1`;
    }
  }
  return '';
}

export const NOT_FORWARDED = 'this machine does not forward packets';
export const FORWARDING = { 4: 'net.ipv4.ip_forward', 6: 'net.ipv6.conf.all.forwarding' } as const;

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
