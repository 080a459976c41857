import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import { containerDevices } from '@evenkeel/flow/loader/container-devices.ts';
import type { Logger } from 'pino';
import type { ContainersSetting } from './setting.ts';

/** Has programs hand packets for containers of this node to those, past the devices that lead there. */
export class Containers {
  readonly #datapath: Pick<Datapath, 'setContainers'>;
  readonly #log: Logger;
  readonly #look: () => readonly number[];
  /** What the programs have been told; null: nothing yet, and what an earlier process has told them stands. */
  #told: string | null = null;
  #failure = '';

  constructor(
    datapath: Pick<Datapath, 'setContainers'>,
    setting: ContainersSetting,
    log: Logger,
    look: () => readonly number[] = containerDevices,
  ) {
    this.#datapath = datapath;
    this.#log = log;
    this.#look = setting === 'direct' ? look : () => [];
  }

  /** Takes in which containers there are now. Where that cannot be told, all of them are reached by their devices. */
  follow(): void {
    const devices = this.#ask();
    const told = devices.join();
    if (told === this.#told) return;
    this.#datapath.setContainers(devices);
    if (this.#told !== null || devices.length > 0) {
      this.#log.info({ devices: devices.length }, 'packets for containers of this node are handed to them');
    }
    this.#told = told;
  }

  #ask(): readonly number[] {
    try {
      const devices = this.#look();
      this.#failure = '';
      return devices;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#failure) this.#log.warn({ err: error }, 'containers are reached by their devices');
      this.#failure = message;
      return [];
    }
  }
}
