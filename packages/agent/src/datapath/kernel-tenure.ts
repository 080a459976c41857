import { setImmediate as turn } from 'node:timers/promises';
import type { DatapathEngineOptions } from './datapath-engine-options.ts';
import type { KernelPath } from './kernel-path.ts';

/**
 * Whose the kernel is: this process's, that of another one, or nobody's for good. It may change while something is being
 * applied, which is given up then.
 */
type Hold = 'ours' | 'handed-off' | 'ended';

type TenureOptions = Pick<DatapathEngineOptions, 'open' | 'isPinned' | 'unpin' | 'log'>;

/** The kernel datapath for as long as this process has it: opened when it is wanted, handed to another process, given up. */
export class KernelTenure {
  readonly #options: TenureOptions;
  readonly #onOpened: (path: KernelPath) => void;
  #hold: Hold = 'ours';
  #path: KernelPath | null = null;
  #opening: Promise<void> | null = null;
  #unavailable = '';
  /** What is in the kernel may be another process's work. */
  #isForeign = true;

  constructor(options: TenureOptions, onOpened: (path: KernelPath) => void) {
    this.#options = options;
    this.#onOpened = onOpened;
  }

  /** null while nothing is carried by it. */
  get path(): KernelPath | null {
    return this.#path;
  }

  /** Why there is none. */
  get unavailable(): string {
    return this.#unavailable;
  }

  get isOurs(): boolean {
    return this.#hold === 'ours';
  }

  /** Nobody balances anything in the kernel any more. */
  get hasEnded(): boolean {
    return this.#hold === 'ended';
  }

  /** Resolves when the kernel is open, or why it cannot be had is known; null: that is not under way. */
  get opening(): Promise<void> | null {
    return this.#opening;
  }

  /** Whether another process has left something that has to be taken over, so that what nobody wants leaves. Says so once. */
  takesOver(): boolean {
    const isForeign = this.#isForeign;
    this.#isForeign = false;
    return isForeign && this.#options.isPinned();
  }

  /** Opens the kernel, once however many ask for it. Resolves as `opening` does. */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Whether an opening ends by the next turn of the event loop, as it does where there is nothing to load. */
  opensAtOnce(opening: Promise<void>): Promise<boolean> {
    return Promise.race([opening.then(() => true), turn(false)]);
  }

  /**
   * Lets go of the kernel for another process, which goes on with what is there. Resolves when nothing of ours is under
   * way there any more: the other process must not begin before.
   */
  async handOff(): Promise<void> {
    this.#hold = 'handed-off';
    const path = this.#take();
    await Promise.all([path?.close(), this.#opening]);
  }

  /** The other process is gone; false: there was none. */
  takeBack(): boolean {
    if (this.#hold !== 'handed-off') return false;
    this.#hold = 'ours';
    this.#isForeign = true;
    return true;
  }

  /** Nothing is left to carry. Resolves when nothing is left in the kernel; it may be opened again. */
  async giveUp(): Promise<void> {
    await this.#take()?.tearDown();
  }

  /**
   * Takes everything out of the kernel, for good: at once, though programs are being loaded, which takes longer than
   * whoever stops this process may wait. Resolves when nothing of ours is under way there any more.
   */
  async tearDown(): Promise<void> {
    if (this.#hold === 'handed-off' || this.#opening !== null) this.#options.unpin();
    this.#hold = 'ended';
    const path = this.#take();
    await Promise.all([path?.tearDown(), this.#opening]);
  }

  #take(): KernelPath | null {
    const path = this.#path;
    this.#path = null;
    return path;
  }

  async #open(): Promise<void> {
    const { open, isPinned, log } = this.#options;
    const isLeft = isPinned();
    try {
      const path = await open();
      if (this.#hold === 'ended') await path.tearDown();
      else if (this.#hold === 'handed-off') await path.close();
      if (!this.isOurs) return;
      this.#path = path;
      this.#unavailable = '';
      this.#onOpened(path);
      if (isLeft) log.info({ listeners: path.listeners.length }, 'taking over what is in the kernel');
    } catch (error) {
      const { message } = error as Error;
      const stays = isPinned();
      const reason = stays ? `${message}; what an earlier node agent has left in the kernel is still there` : message;
      if (reason !== this.#unavailable) log[stays ? 'warn' : 'info']({ reason }, 'no kernel datapath');
      this.#unavailable = reason;
    }
  }
}
