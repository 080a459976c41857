import type { AnswerPaths } from './answer-paths.ts';
import type { KernelListener, KernelRecord } from './kernel-record.ts';

/** What there is in the kernel's maps. */
export interface InMaps {
  readonly listeners: () => Iterable<Pick<KernelListener, 'addresses' | 'serviceId'>>;
  readonly services: () => KernelRecord['services'];
}

/** What the kernel would make of answers that come in by one device, if it routed them there. */
export class DeviceAnswers {
  readonly #maps: InMaps;
  readonly #open: () => AnswerPaths | null;
  readonly #onPending: () => void;
  #paths: AnswerPaths | null | undefined;

  /**
   * `open`: called when it is first asked for; null: the kernel does not say. `onPending`: what was said may be outdated, and
   * it was too early to ask anew.
   */
  constructor(maps: InMaps, open: () => AnswerPaths | null, onPending: () => void) {
    this.#maps = maps;
    this.#open = open;
    this.#onPending = onPending;
  }

  /** Why it would drop some of them, as one sentence; empty: it would not. */
  refusal(device: number): string {
    if (this.#paths === undefined) this.#paths = this.#open();
    const paths = this.#paths;
    if (paths === null) return '';
    paths.refresh();
    const reason = this.#refusal(paths, device);
    if (paths.isPending) this.#onPending();
    return reason;
  }

  #refusal(paths: AnswerPaths, device: number): string {
    const services = this.#maps.services();
    for (const { addresses, serviceId } of this.#maps.listeners()) {
      const service = services[serviceId];
      if (service?.mode !== 'nat' && service?.mode !== 'source-nat') continue;
      for (const { address } of Object.values(service.targets)) {
        for (const vip of addresses) {
          const reason = paths.refusalAt(device, vip, address);
          if (reason !== '') return reason;
        }
      }
    }
    return '';
  }

  /** The kernel is not asked any more. */
  close(): void {
    this.#paths?.close();
    this.#paths = null;
  }
}
