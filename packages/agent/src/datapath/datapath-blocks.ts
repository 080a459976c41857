import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { Logger } from 'pino';
import { systemClock } from '../clock/clock.ts';
import { KernelBlockLists } from './kernel-block-lists.ts';
import { KernelBlocks } from './kernel-blocks.ts';
import { KernelDenyList } from './kernel-deny-list.ts';

/** Which maps have the block lists of tenants, and which the deny list of the installation. */
export function blocksIn(datapath: Datapath, log: Logger): KernelBlocks {
  return new KernelBlocks({
    blocked: new KernelBlockLists(datapath.blockedSources(), () => datapath.block(true)),
    denied: new KernelDenyList(datapath.deniedSources()),
    clock: systemClock,
    log,
  });
}
