/**
 * Why packets of a listener are dropped in the kernel, by the name that counters have, in words. docs/flow.md has the same
 * list.
 */
export const KERNEL_DROPS = {
  malformed: 'flags of TCP that no system sends, or lengths beyond the frame',
  fragment: 'a fragment: only the first one has ports',
  extensions: 'IPv4 options or IPv6 extension headers',
  hop_limit: 'its hop limit is used up',
  no_table: 'the listener has no table of targets yet',
  no_target: 'no target takes it: all have gone, or are of the other address family',
  no_next_hop: 'no neighbour is known at the address of the target, or at the gateway before it',
  no_room: 'there is no room in the frame for the headers of a tunnel',
  denied: 'its source is in the deny list of the installation',
  security_group: 'no rule of the security group lets its source in',
  allowed_sources: 'its source is not among those that the listener allows',
  blocked: 'its source is in the block list',
  packet_rate: 'its source sends more packets than it may',
  flow_rate: 'its source opens more connections than it may',
  syn_rate: 'a flood of SYN, and the kernel could not answer with a challenge',
  too_big: 'it does not fit the way to the target, or from there to the client; its sender is told what would',
  no_port: 'all ports of the node that the flow could have are in use',
  no_listener: 'nobody listens on this port of the VIP, which is no address of the node',
} as const;
export type KernelDrop = keyof typeof KERNEL_DROPS;

/** A reason in words; empty for one of a later version. */
export function dropInWords(reason: string): string {
  return (KERNEL_DROPS as Readonly<Record<string, string>>)[reason] ?? '';
}
