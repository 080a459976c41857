/** Whether and where this node shares flows with other nodes, and whom it tells of its VIPs. */
export interface SharingOptions {
  /** Where other nodes reach this one; `auto`: where it reaches the control plane from; `off`: it shares nothing. */
  readonly address: string;
  /** 0: any. */
  readonly port: number;
  /** The routing table in which VIPs are announced; 0: none. */
  readonly announceTable: number;
}
