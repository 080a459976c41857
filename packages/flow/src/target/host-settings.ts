import { isIPv6 } from 'node:net';

/** What a target needs to be told so that it takes packets to VIPs and answers from them. */
export interface HostSettings {
  readonly vips: readonly string[];
  /** Where packets of clients arrive. */
  readonly device: string;
}

/**
 * Commands of `ip` and `sysctl` for a target of direct return or of tunnels. It has the VIPs itself, on the loopback
 * device, where nobody asks for them: it neither answers ARP for them nor asks by them, because they are the balancer's in
 * the segment. Packets of clients may come by another way than answers go (`rp_filter` loose).
 */
export function addCommands({ vips, device }: HostSettings): string[][] {
  const v4 = vips.some((vip) => !isIPv6(vip));
  return [
    ...(v4
      ? [
          ['sysctl', '-qw', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'],
          ['sysctl', '-qw', `net.ipv4.conf.${device.replaceAll('.', '/')}.rp_filter=2`],
        ]
      : []),
    ...vips.map((vip) => ['ip', 'addr', 'replace', prefixOf(vip), 'dev', 'lo', ...(isIPv6(vip) ? ['nodad'] : [])]),
  ];
}

/** Kernel parameters stay: whether something else needs them is not known here. */
export function removeCommands({ vips }: HostSettings): string[][] {
  return vips.map((vip) => ['ip', 'addr', 'del', prefixOf(vip), 'dev', 'lo']);
}

function prefixOf(vip: string): string {
  return `${vip}/${isIPv6(vip) ? 128 : 32}`;
}
