import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { Generation } from '@evenkeel/flow/maglev/generations.ts';
import type { SlotAges } from '@evenkeel/flow/maglev/unsettled.ts';
import type { Numbers } from '@evenkeel/flow/sharing/zone-view.ts';
import type { ZoneKernel } from '../sharing/zone-membership.ts';
import type { KernelListener } from './kernel-record.ts';
import type { ServiceTables } from './service-tables.ts';

/** The kernel's tables as the other nodes of the zone see them, and how theirs come into ours. */
export class SharedTables implements ZoneKernel {
  readonly datapath: Datapath;
  readonly #tables: ServiceTables;
  readonly #listeners: () => ReadonlyMap<string, KernelListener>;
  /** Whether a listener is on its way out. */
  isLeaving: (id: string) => boolean = () => false;

  /** `listeners`: by identifier. */
  constructor(datapath: Datapath, tables: ServiceTables, listeners: () => ReadonlyMap<string, KernelListener>) {
    this.datapath = datapath;
    this.#tables = tables;
    this.#listeners = listeners;
  }

  get numbers(): Numbers {
    return this.#tables.numbers;
  }

  get shortestIdle(): number {
    return this.#tables.shortestIdle;
  }

  get addresses(): readonly string[] {
    return this.addressesBut({ has: this.isLeaving });
  }

  /** The same, but for those of more listeners that leave. */
  addressesBut(leaving: Pick<ReadonlySet<string>, 'has'>): readonly string[] {
    const staying = [...this.#listeners()].filter(([id]) => !this.isLeaving(id) && !leaving.has(id));
    return [...new Set(staying.flatMap(([, { addresses }]) => addresses))];
  }

  set onNumbers(told: () => void) {
    this.#tables.onNumbers = told;
  }

  ages(service: number): SlotAges | null {
    return this.#tables.ages(service);
  }

  learn(service: string, generation: Generation, ages: SlotAges | null): void {
    this.#tables.learn(service, generation, ages);
  }

  joined(): void {
    this.#tables.joined();
  }
}
