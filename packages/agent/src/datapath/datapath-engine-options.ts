import type { ProxyEngine } from '@evenkeel/proxy/engine/engine.ts';
import type { Logger } from 'pino';
import type { ZoneMembership } from '../sharing/zone-membership.ts';
import type { KernelPath } from './kernel-path.ts';
import type { MachineSource } from './machine-view.ts';
import type { DatapathSetting } from './setting.ts';

export interface DatapathEngineOptions extends MachineSource {
  readonly engine: Pick<ProxyEngine, 'apply'>;
  readonly setting: DatapathSetting;
  readonly recordFile: string;
  /** Opens the kernel datapath, when the first listener wants it. Rejects with the reason why it cannot be had. */
  readonly open: () => Promise<KernelPath>;
  /** Whether an earlier process has left something in the kernel. */
  readonly isPinned: () => boolean;
  /** Takes out of the kernel whatever is pinned there. */
  readonly unpin: () => void;
  /** Hears which kernel is there, and that it is another process's now; absent: nobody does. */
  readonly zone?: Pick<ZoneMembership, 'follow' | 'pause' | 'withdrawAllBut'>;
  readonly log: Logger;
}
