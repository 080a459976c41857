import type { NextHop } from '@evenkeel/flow/datapath/layout.ts';
import type { KernelMode } from './kernel-mode.ts';
import type { NetworkView } from './network-view.ts';

/** How packets get to a target, as its entry in the kernel has it. */
export interface Way {
  /** Tunnels, and translation that hides clients: the node's own address. */
  readonly tunnelSource: string | null;
  readonly nextHop: NextHop | null;
  /** The same: the largest packet that fits, outer headers included; 0: not known. */
  readonly mtu: number;
}

export const ROUTED: Way = { tunnelSource: null, nextHop: null, mtu: 0 };

/** What is to be said of a way that is not there, or not yet. */
export interface WayProblem {
  readonly text: string;
  /** A neighbour that has to be asked for its hardware address first. */
  readonly unknown: string | null;
}

/**
 * The way to a target of a service in this mode, as `view` has it. A next hop whose hardware address the kernel has
 * forgotten keeps the one it had (`before`): what is sent by us does not make the kernel remember it. One that is not known
 * yet has its device in tunnels and where clients are hidden: at tcx the kernel asks.
 */
export function wayTo(
  address: string,
  mode: KernelMode,
  view: NetworkView,
  before: Way | null,
): { readonly way: Way; readonly problem: WayProblem | null } {
  if (mode === 'nat') return { way: ROUTED, problem: null };
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
  const known = before?.nextHop?.device === device.index ? before.nextHop.mac : null;
  const mac = view.neighbours.get(`${hop} ${device.name}`) ?? known;
  const isUnknown = mac === null && device.isEthernet;
  const problem = isUnknown ? { text: `${hop} is not known on ${device.name} yet`, unknown: hop } : null;
  const nextHop = { device: device.index, mac, ownMac: device.mac };
  if (mode === 'l2') return { way: { tunnelSource: null, nextHop: mac === null ? null : nextHop, mtu: 0 }, problem };
  return { way: { tunnelSource: route.source, nextHop, mtu: route.mtu || device.mtu }, problem };
}

function lost(text: string) {
  return { way: ROUTED, problem: { text, unknown: null } };
}
