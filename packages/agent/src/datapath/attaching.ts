import type { NetworkNews } from '@evenkeel/flow/loader/network-news.ts';
import type { Logger } from 'pino';
import type { NodeDevices } from './node-devices.ts';
import type { Programs } from './programs.ts';
import type { ServiceTables } from './service-tables.ts';
import { openNews, Surroundings } from './surroundings.ts';

export interface AttachingOptions {
  readonly devices: NodeDevices;
  readonly programs: Programs;
  readonly tables: ServiceTables;
  readonly log: Logger;
  /** Puts on record what has changed. */
  readonly save: () => void;
}

/** Has packets meet the programs, and from then on takes in what changes around the node: devices, addresses, ways to targets. */
export class Attaching {
  readonly #options: AttachingOptions;
  #surroundings: Surroundings | null = null;
  #news: NetworkNews | null = null;
  #attaching: Promise<void> | null = null;
  #stopped = false;

  constructor(options: AttachingOptions) {
    this.#options = options;
  }

  /**
   * Once all that packets should find is in the maps: where maps have another layout than those of the version before, they
   * begin empty. Resolves with why no packet gets there; empty: they do.
   */
  async attach(): Promise<string> {
    if (this.#surroundings === null) {
      this.#attaching ??= this.#attach().finally(() => {
        this.#attaching = null;
      });
      await this.#attaching;
    }
    return this.#options.devices.attachments.failure;
  }

  /** What is in the maps may ask for other points. */
  lookSoon(): void {
    this.#surroundings?.lookSoon();
  }

  stop(): void {
    this.#stopped = true;
    this.#surroundings?.stop();
    this.#news?.close();
  }

  async #attach(): Promise<void> {
    const { devices, programs, log, save } = this.#options;
    await devices.follow();
    await programs.carryOver();
    if (this.#stopped) return;
    save();
    const news = openNews(log);
    this.#news = news;
    this.#surroundings = new Surroundings({ isNews: () => news?.take() ?? true, look: () => this.#look(), log });
  }

  async #look(): Promise<void> {
    const { devices, tables, save } = this.#options;
    if (await devices.follow()) save();
    if (this.#stopped) return;
    if (await tables.follow()) this.#surroundings?.lookSoon();
  }
}
