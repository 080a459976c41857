import type { Traffic } from '@evenkeel/flow/datapath/layout.ts';
import type { KernelPath } from './kernel-path.ts';

/** What the programs in the kernel have counted. */
export interface KernelCounts {
  readonly listeners: readonly { readonly listenerId: string; readonly traffic: Traffic }[];
  readonly targets: readonly { readonly serviceId: string; readonly targetId: string; readonly traffic: Traffic }[];
  /** Packets by what became of them, where that was not simply a target. */
  readonly outcomes: Readonly<Record<string, bigint>>;
}

/** Reads all counters; null while nothing is carried by the kernel. */
export function kernelCounts(kernel: KernelPath | null): KernelCounts | null {
  if (kernel === null) return null;
  const listeners = kernel.listeners.flatMap((listenerId) => {
    const traffic = kernel.listenerTraffic(listenerId);
    return traffic === null ? [] : [{ listenerId, traffic }];
  });
  return { listeners, targets: kernel.targetTraffic(), outcomes: kernel.outcomes() };
}
