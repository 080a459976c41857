import type { KernelMap } from '../loader/kernel-map.ts';
import { numberKey } from './layout.ts';

/** Devices into containers in the kernel, each in the place that the last bits of its number give it (bpf/send.h). */
export class ContainerPlaces {
  readonly #map: KernelMap;
  /** Devices by place; null: it is not known what the map has. */
  #devices: ReadonlyMap<number, number> | null = null;

  constructor(map: KernelMap) {
    this.#map = map;
  }

  /** These devices, and no others; of two for one place, the first. What has changed is written. */
  set(devices: readonly number[]): void {
    const before = this.#devices ?? this.#read();
    const after = new Map<number, number>();
    for (const device of devices) {
      const place = device % this.#map.shape.maxEntries;
      if (!after.has(place)) after.set(place, device);
    }
    this.#devices = null; // should a write fail
    for (const place of new Set([...before.keys(), ...after.keys()])) {
      const device = after.get(place) ?? 0;
      if (before.get(place) !== device) this.#map.set(numberKey(place), numberKey(device));
    }
    this.#devices = after;
  }

  /** What an earlier process has left there. Walks the map. */
  #read(): ReadonlyMap<number, number> {
    const found = new Map<number, number>();
    for (const { key, value } of this.#map.entries()) {
      const device = value.readUInt32LE(0);
      if (device !== 0) found.set(key.readUInt32LE(0), device);
    }
    return found;
  }
}
