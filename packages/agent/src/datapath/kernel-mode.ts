import type { ForwardingMode } from '@evenkeel/model/plan/network.ts';
import type { PlannedService } from '@evenkeel/model/plan/objects.ts';

/** How the kernel gets packets to targets: a forwarding mode, or address translation that hides the client as well. */
export type KernelMode = ForwardingMode | 'source-nat';

export function kernelModeOf({
  forwardingMode = 'nat',
  sourceNat = false,
}: Pick<PlannedService, 'forwardingMode' | 'sourceNat'>): KernelMode {
  return forwardingMode === 'nat' && sourceNat ? 'source-nat' : forwardingMode;
}
