import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ZoneKey } from '@evenkeel/model/plan/membership.ts';
import type { Logger } from 'pino';
import { writePrivateFile } from '../membership/private-file.ts';
import { sharingKey } from './sharing-key.ts';

/** A key for a stream between two nodes. */
export interface SharingKey {
  /** Null: it comes from the token that nodes share. */
  readonly id: string | null;
  readonly secret: Buffer;
}

export interface SharingKeysOptions {
  /** Where the keys of the zone are kept, for a start without a control plane. */
  readonly file: string;
  /** The token that nodes share; rejects where this node has none. */
  readonly readToken: () => Promise<string>;
  readonly log: Logger;
}

/**
 * The keys by which nodes of a zone know each other: those that the control plane hands out, and one from the token that
 * nodes share, for nodes of the version before, which know no other.
 */
export class SharingKeys {
  readonly #options: SharingKeysOptions;
  #zone: readonly ZoneKey[] = [];
  #fromToken: Buffer | null = null;
  readonly #watchers = new Set<() => void>();
  /** One write after the other: they have the same draft. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SharingKeysOptions) {
    this.#options = options;
  }

  /** Reads what is kept. A file that is not there, or no good, is no keys: the control plane has them. */
  async load(): Promise<void> {
    const { file } = this.#options;
    const text = await readFile(file, 'utf8').catch(() => '');
    const keys = keysIn(text);
    // What has come meanwhile is newer.
    if (this.#zone.length === 0) this.#zone = keys;
    await this.refresh();
  }

  /** Looks whether there is a token that nodes share, and which. */
  async refresh(): Promise<void> {
    this.#fromToken = await this.#options.readToken().then(sharingKey, () => null);
  }

  /** All keys of the zone, the newest first. */
  set(keys: readonly ZoneKey[]): void {
    const { file, log } = this.#options;
    if (JSON.stringify(keys) === JSON.stringify(this.#zone)) return;
    this.#zone = keys;
    this.#writing = this.#writing
      .then(() => mkdir(dirname(file), { recursive: true, mode: 0o700 }))
      .then(() => writePrivateFile(file, `${JSON.stringify(keys)}\n`))
      .catch((error: Error) => log.warn({ reason: error.message }, 'the keys of the zone could not be written'));
    for (const changed of [...this.#watchers]) changed();
  }

  /** Resolves when what was set is kept, or could not be. */
  written(): Promise<void> {
    return this.#writing;
  }

  /** For a stream to a node that takes keys of the zone, or does not. Throws a sentence when there is none for it. */
  forPeer(takesZoneKeys: boolean): SharingKey {
    const [newest] = this.#zone;
    if (takesZoneKeys && newest !== undefined) return { id: newest.id, secret: Buffer.from(newest.secret, 'base64') };
    if (this.#fromToken !== null) return { id: null, secret: this.#fromToken };
    throw new Error(
      takesZoneKeys
        ? 'the control plane has yet to say by which key nodes know each other'
        : 'it is of an earlier version, and this node has no token that both share',
    );
  }

  /** The key of that name, as long as it is good; null: there is none. */
  find(id: string | null): Buffer | null {
    if (id === null) return this.#fromToken;
    const key = this.#zone.find((known) => known.id === id);
    return key === undefined ? null : Buffer.from(key.secret, 'base64');
  }

  /** Calls back whenever the keys of the zone are others. Returns what ends that. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }
}

function keysIn(text: string): ZoneKey[] {
  try {
    const value = JSON.parse(text) as unknown;
    if (!Array.isArray(value)) return [];
    return value.filter(({ id, secret }) => typeof id === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(String(secret)));
  } catch {
    return [];
  }
}
