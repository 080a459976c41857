import type { NextHop } from '@evenkeel/flow/datapath/layout.ts';
import { isOfLink } from '@evenkeel/model/address.ts';
import type { KernelMode } from './kernel-mode.ts';
import type { NetworkView } from './network-view.ts';

/** How packets get to a target, as its entry in the kernel has it. */
export interface Way {
  /** Tunnels, and translation that hides clients: the node's own address. */
  readonly tunnelSource: string | null;
  readonly nextHop: NextHop | null;
  /** Whose hardware address that has; null where there is no next hop. */
  readonly hop: string | null;
  /** Tunnels and hidden clients: the largest packet that fits, outer headers included; 0: not known. */
  readonly mtu: number;
}

export const ROUTED: Way = { tunnelSource: null, nextHop: null, hop: null, mtu: 0 };

export interface FoundWay {
  readonly way: Way;
  /** Why there is none, or not yet; empty: there is. */
  readonly problem: string;
  /**
   * A neighbour that the kernel should be made to ask for its hardware address, though there may be a way: `address`, or
   * `address%device`, as each device has link-local addresses of its own.
   */
  readonly ask: string | null;
}

/**
 * The way to a target of a service in this mode, as `view` has it. What is sent by us does not make the kernel remember a
 * next hop, nor ask whether its hardware address is still right. So one that it has forgotten keeps the address that it had
 * (`before`), and is asked for, as is one that has not been confirmed lately. Another next hop on the same device has an
 * address of its own. One that is not known yet has its device in tunnels and where clients are hidden: at tcx the kernel
 * asks.
 */
export function wayTo(address: string, mode: KernelMode, view: NetworkView, before: Way | null): FoundWay {
  if (mode === 'nat') return { way: ROUTED, problem: '', ask: null };
  const route = view.routes.get(address);
  const device = route && view.devices.get(route.device);
  if (route === undefined || device === undefined) return lost(`there is no route to ${address}`);
  if (mode === 'l2' && route.gateway !== null) {
    return lost(`${address} is behind ${route.gateway}: l2 needs targets on a network of this node`);
  }
  if (mode !== 'ipip' && mode !== 'gue' && !device.isEthernet) {
    return lost(`${address} is behind ${device.name}, whose frames have no Ethernet header: only tunnels go there`);
  }
  const hop = route.gateway ?? address;
  const known = before?.hop === hop && before.nextHop?.device === device.index ? before.nextHop.mac : null;
  const neighbour = `${hop} ${device.name}`;
  const mac = view.neighbours.get(neighbour) ?? known;
  const isConfirmed = view.neighbours.has(neighbour) && !view.unconfirmed.has(neighbour);
  const problem = mac === null && device.isEthernet ? `${hop} is not known on ${device.name} yet` : '';
  const ask = device.isEthernet && !isConfirmed ? (isOfLink(hop) ? `${hop}%${device.name}` : hop) : null;
  const nextHop = { device: device.index, mac, ownMac: device.mac };
  if (mode !== 'l2')
    return { way: { tunnelSource: route.source, nextHop, hop, mtu: route.mtu || device.mtu }, problem, ask };
  const way = mac === null ? ROUTED : { tunnelSource: null, nextHop, hop, mtu: 0 };
  return { way, problem, ask };
}

function lost(problem: string): FoundWay {
  return { way: ROUTED, problem, ask: null };
}
