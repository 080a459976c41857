/** What carries the packets of network load balancers: whatever can be had, the kernel or nothing, or the proxy. */
export const DATAPATH_SETTINGS = ['auto', 'kernel', 'userspace'] as const;
export type DatapathSetting = (typeof DATAPATH_SETTINGS)[number];

/** Where the programs are: before the kernel makes anything of a frame where the driver is known for that, or behind it. */
export const ATTACH_SETTINGS = ['auto', 'xdp', 'tcx'] as const;
export type AttachSetting = (typeof ATTACH_SETTINGS)[number];

export interface DatapathOptions {
  readonly setting: DatapathSetting;
  readonly attach: AttachSetting;
  /** Devices whose packets are balanced; empty: all but loopback. */
  readonly devices: readonly string[];
  /** A BPF file system, or a folder where one is mounted. */
  readonly bpfFolder: string;
}
