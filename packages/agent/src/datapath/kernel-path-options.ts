import type { Logger } from 'pino';
import type { AttachSetting, ContainersSetting, RoutingSetting } from './setting.ts';

export interface KernelPathOptions {
  /** Of a BPF file system, this node's alone: maps and links are pinned here. */
  readonly folder: string;
  readonly recordFile: string;
  /** Empty: all but loopback. */
  readonly devices: readonly string[];
  readonly attach: AttachSetting;
  /** How many flows in changed slots can be written down. */
  readonly writtenFlows: number;
  readonly routing: RoutingSetting;
  readonly containers: ContainersSetting;
  readonly log: Logger;
}
