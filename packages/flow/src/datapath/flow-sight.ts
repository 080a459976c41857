import type { LoadedObject } from '../loader/object.ts';
import { type ListedFlow, listFlow } from './flow-record.ts';
import { numberKey, OUTCOMES, type Outcome } from './layout.ts';
import { type FlowSample, readSample, readTalker, type Talker } from './sampled-flow.ts';

const OWNER_TARGET = 0x8000_0000;

export type DropCounts = Readonly<Partial<Record<Outcome, bigint>>>;

/** What the kernel's programs have seen of single flows, and why they dropped what they dropped. */
export class FlowSight {
  readonly #object: LoadedObject;

  constructor(object: LoadedObject) {
    this.#object = object;
  }

  /** All drops by reason, over all CPUs: of listeners, and of targets, by their numbers. Walks the map. */
  drops(): { readonly listeners: ReadonlyMap<number, DropCounts>; readonly targets: ReadonlyMap<number, DropCounts> } {
    const listeners = new Map<number, Partial<Record<Outcome, bigint>>>();
    const targets = new Map<number, Partial<Record<Outcome, bigint>>>();
    for (const { key, values } of this.#object.map('drops').perCpuEntries()) {
      const owner = key.readUInt32LE(0);
      const reason = OUTCOMES[key.readUInt32LE(4)];
      if (reason === undefined) continue; // of a later version
      const count = values.reduce((sum, bytes) => sum + bytes.readBigUInt64LE(0), 0n);
      const whose = owner >= OWNER_TARGET ? targets : listeners;
      const number = owner >= OWNER_TARGET ? owner - OWNER_TARGET : owner;
      const counts = whose.get(number) ?? {};
      counts[reason] = count;
      whose.set(number, counts);
    }
    return { listeners, targets };
  }

  /** The counts of these listeners and targets begin anew, because their numbers are somebody else's from now on. */
  resetCounts(listeners: readonly number[], targets: readonly number[]): void {
    for (const [name, numbers] of [['listener_traffic', listeners] as const, ['target_traffic', targets] as const]) {
      const map = this.#object.map(name);
      for (const number of numbers) map.setPerCpu(numberKey(number), Buffer.alloc(map.shape.valueSize));
    }
    const owners = new Set([...listeners, ...targets.map((number) => OWNER_TARGET + number)]);
    if (owners.size === 0) return;
    const drops = this.#object.map('drops');
    const keys: Buffer[] = [];
    for (const { key } of drops.perCpuEntries()) if (owners.has(key.readUInt32LE(0))) keys.push(Buffer.from(key));
    for (const key of keys) drops.delete(key);
  }

  /** One flow in so many of a listener is sampled: a power of 2, or 0 for none. Seen by the next packet. */
  setSampling(listener: number, oneIn: number): void {
    if (oneIn !== 0 && (oneIn & (oneIn - 1)) !== 0) throw new RangeError(`not a power of 2: ${oneIn}`);
    this.#object.map('sampling').set(numberKey(listener), numberKey(oneIn));
  }

  sampling(listener: number): number {
    return this.#object.map('sampling').get(numberKey(listener))?.readUInt32LE(0) ?? 0;
  }

  /** Flows of the sample, some thousand at a time, those among them that have ended or gone silent. */
  *samples(): Generator<readonly FlowSample[]> {
    for (const batch of this.#object.map('samples').batches()) {
      yield Array.from(batch, ({ key, value }) => readSample(key, value));
    }
  }

  /** A flow of the sample by its key; null: it is not there. */
  sample(key: Buffer): FlowSample | null {
    const value = this.#object.map('samples').get(key);
    return value === null ? null : readSample(key, value);
  }

  /** Strikes a flow out of the sample; it comes in again with its next packet. */
  forgetSample(key: Buffer): void {
    this.#object.map('samples').delete(key);
  }

  /** Flows of which packets were drawn, some thousand at a time. */
  *talkers(): Generator<readonly Talker[]> {
    for (const batch of this.#object.map('talkers').batches()) {
      yield Array.from(batch, ({ key, value }) => readTalker(key, value));
    }
  }

  /** Flows that are written down, some thousand at a time: those that `isWanted` by their key and target's number. */
  *written(isWanted: (key: Buffer, target: number) => boolean): Generator<readonly WrittenFlow[]> {
    const now = secondsNow();
    for (const batch of this.#object.map('exceptions').batches()) {
      const flows: WrittenFlow[] = [];
      for (const { key, value } of batch) {
        if (isWanted(key, value.readUInt16LE(0))) flows.push({ key: Buffer.from(key), ...listFlow(key, value, now) });
      }
      yield flows;
    }
  }

  isWritten(key: Buffer): boolean {
    return this.#object.map('exceptions').get(key) !== null;
  }
}

export interface WrittenFlow extends ListedFlow {
  readonly key: Buffer;
}

/** On the clock of the kernel's programs. */
export function secondsNow(): number {
  return Number(process.hrtime.bigint() / 1_000_000_000n);
}
