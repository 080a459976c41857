/** What carries the packets of network load balancers: whatever can be had, the kernel or nothing, or the proxy. */
export const DATAPATH_SETTINGS = ['auto', 'kernel', 'userspace'] as const;
export type DatapathSetting = (typeof DATAPATH_SETTINGS)[number];

/** Where the programs are: before the kernel makes anything of a frame where the driver is known for that, or behind it. */
export const ATTACH_SETTINGS = ['auto', 'xdp', 'tcx'] as const;
export type AttachSetting = (typeof ATTACH_SETTINGS)[number];

/** How many flows in changed slots can be written down, some 110 bytes of the kernel's memory each, taken at once. */
export const WRITTEN_FLOWS = { least: 65_536, most: 134_217_728, default: 1_048_576 } as const;

/**
 * Who sends on what NAT has translated: the programs at tcx, by the kernel's routes and to its neighbours; or the kernel, with
 * its filters and its IPsec.
 */
export const ROUTING_SETTINGS = ['direct', 'kernel'] as const;
export type RoutingSetting = (typeof ROUTING_SETTINGS)[number];

/** How packets get to containers of this node: handed to them past the devices that lead there, or by these devices. */
export const CONTAINERS_SETTINGS = ['direct', 'device'] as const;
export type ContainersSetting = (typeof CONTAINERS_SETTINGS)[number];

export interface DatapathOptions {
  readonly setting: DatapathSetting;
  readonly attach: AttachSetting;
  readonly routing: RoutingSetting;
  readonly containers: ContainersSetting;
  /** Devices whose packets are balanced; empty: all but loopback. */
  readonly devices: readonly string[];
  /** A BPF file system, or a folder where one is mounted. */
  readonly bpfFolder: string;
  readonly writtenFlows: number;
}
