import type { ZoneKeysMessage } from '@evenkeel/model/plan/membership.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Vault } from '../../secrets/vault.ts';
import type { ZoneKeyRow } from '../../store/schema.ts';
import type { Unwritten } from './unwritten.ts';

/** Milliseconds after which a zone has another key; the one before is accepted for as long again. */
const PERIOD = 7 * 86_400_000;
const KEY_BYTES = 32;
const ID_BYTES = 6;
/** Keys of a zone: the present one, and the one before. */
const KEPT = 2;

export interface ZoneKeysOptions {
  readonly unwritten: Unwritten;
  /** Those that nodes are in. */
  readonly zones: () => ReadonlySet<string>;
  readonly vault: Vault;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly secret: (bytes: number) => Buffer;
  /** The keys of a zone are others. */
  readonly changed: (zone: string) => void;
  readonly failed: (error: unknown) => void;
}

interface Key {
  readonly id: string;
  readonly secret: Secret;
  readonly madeAt: number;
}

/** The keys by which the nodes of a zone know each other when they share flows. Nodes are told them on their streams. */
export class ZoneKeys {
  readonly #options: ZoneKeysOptions;
  /** By zone, the newest first. */
  #keys = new Map<string, readonly Key[]>();

  constructor(options: ZoneKeysOptions) {
    this.#options = options;
  }

  reset(rows: readonly ZoneKeyRow[]): void {
    const { vault } = this.#options;
    this.#keys = new Map();
    for (const { zone, id, secret, made_at } of rows.toSorted((a, b) => b.made_at - a.made_at)) {
      const key = { id, secret: vault.open(nameOf(zone, id), secret), madeAt: made_at };
      this.#keys.set(zone, [...(this.#keys.get(zone) ?? []), key]);
    }
  }

  /** What a node of the zone is told; the first that asks has a key made. Zones that no node is in any more lose theirs. */
  messageFor(zone: string): ZoneKeysMessage {
    if (!this.#keys.has(zone)) {
      const zones = this.#options.zones();
      for (const other of [...this.#keys.keys()]) if (!zones.has(other)) this.#put(other, []);
      this.#put(zone, [this.#make()]);
      this.#save();
    }
    const keys = this.#keys.get(zone)!;
    return { type: 'zone-keys', keys: keys.map(({ id, secret }) => ({ id, secret: secret.reveal() })) };
  }

  /** Gives zones another key whose own is old. The one before stays good, so that streams need not break off. */
  rotate(): void {
    const { now } = this.#options;
    for (const [zone, [newest, ...older]] of [...this.#keys]) {
      if (newest!.madeAt > now() - PERIOD) continue;
      this.#put(zone, [this.#make(), newest!, ...older].slice(0, KEPT));
    }
    this.#save();
  }

  /** A node of the zone is none any more: what it knows is good for nothing from now on. Yet to be written then. */
  replace(zone: string): void {
    if (this.#keys.has(zone)) this.#put(zone, [this.#make()]);
  }

  /** The same for a node that may have been in any zone. */
  replaceAll(): void {
    for (const zone of [...this.#keys.keys()]) this.replace(zone);
  }

  #make(): Key {
    const { secret, now } = this.#options;
    const id = secret(ID_BYTES).toString('hex');
    return { id, secret: new Secret(secret(KEY_BYTES).toString('base64')), madeAt: now() };
  }

  /** In memory at once, and yet to be written. None: the zone is forgotten. */
  #put(zone: string, keys: readonly Key[]): void {
    const { unwritten, vault, changed } = this.#options;
    const isFirst = !this.#keys.has(zone);
    if (keys.length > 0) this.#keys.set(zone, keys);
    else this.#keys.delete(zone);
    const rows = keys.map(({ id, secret, madeAt }) => {
      return { zone, id, secret: vault.seal(nameOf(zone, id), secret), made_at: madeAt };
    });
    unwritten.add(`zone/${zone}`, {
      async write(trx) {
        await trx.deleteFrom('zone_key').where('zone', '=', zone).execute();
        if (rows.length > 0) await trx.insertInto('zone_key').values(rows).execute();
      },
    });
    if (!isFirst && keys.length > 0) changed(zone);
  }

  /** What cannot be written now is tried again. */
  #save(): void {
    this.#options.unwritten.save().catch(this.#options.failed);
  }
}

/** What the key is sealed under. */
function nameOf(zone: string, id: string): string {
  return `zone-key/${zone}/${id}`;
}
