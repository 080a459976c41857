/** What carries the packets of network load balancers: whatever can be had, the kernel or nothing, or the proxy. */
export const DATAPATH_SETTINGS = ['auto', 'kernel', 'userspace'] as const;
export type DatapathSetting = (typeof DATAPATH_SETTINGS)[number];

export interface DatapathOptions {
  readonly setting: DatapathSetting;
  /** Devices whose packets are balanced; empty: all but loopback. */
  readonly devices: readonly string[];
  /** A BPF file system, or a folder where one is mounted. */
  readonly bpfFolder: string;
}
