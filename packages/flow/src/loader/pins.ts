import { closeSync, existsSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { KernelMap } from './kernel-map.ts';
import { checked, libbpf } from './libbpf.ts';

/** What a map has to have in common with another one to take its place. */
export interface PinnedShape {
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

/**
 * Where a map is, or will be, pinned. A version with another layout finds the map of the one before under its plain name
 * and leaves it alone: its own has the layout in the name, so that both versions can run, and either may be the one that
 * stays.
 */
export function pinOf(folder: string, name: string, wanted: PinnedShape): string {
  const plain = join(folder, name);
  const { type, keySize, valueSize, maxEntries, flags } = wanted;
  const own = `${plain}-${[type, keySize, valueSize, maxEntries, flags].join('-')}`; // BPF file systems take no dots
  if (existsSync(own)) return own;
  return !existsSync(plain) || isSame(shapeOf(plain), wanted) ? plain : own;
}

/** A map by its pin, as long as `use` takes. */
export async function usePinned<Result>(pin: string, use: (map: KernelMap) => Promise<Result>): Promise<Result> {
  const descriptor = checked(libbpf().bpf_obj_get(pin), `opening ${pin}`);
  const map = new KernelMap(basename(pin), { descriptor, ...shapeAt(descriptor) });
  try {
    return await use(map);
  } finally {
    map.close();
    closeSync(descriptor);
  }
}

/** Takes away the pins of maps that are not among `kept`; returns their names. */
export function removeOtherPins(folder: string, kept: ReadonlySet<string>, isMap: (name: string) => boolean): string[] {
  const others = readdirSync(folder).filter((name) => isMap(name) && !kept.has(join(folder, name)));
  for (const name of others) unlinkSync(join(folder, name));
  return others;
}

function shapeOf(pin: string): PinnedShape {
  const descriptor = checked(libbpf().bpf_obj_get(pin), `opening ${pin}`);
  try {
    return shapeAt(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function shapeAt(descriptor: number): PinnedShape {
  const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\w+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    type: read('map_type'),
    keySize: read('key_size'),
    valueSize: read('value_size'),
    maxEntries: read('max_entries'),
    flags: read('map_flags'),
  };
}

function isSame(a: PinnedShape, b: PinnedShape): boolean {
  return (
    a.type === b.type &&
    a.keySize === b.keySize &&
    a.valueSize === b.valueSize &&
    a.maxEntries === b.maxEntries &&
    a.flags === b.flags
  );
}
