import { MOST_CERTIFICATES } from '@evenkeel/model/plan/membership.ts';
import type { ControlPlaneRow } from '../store/schema.ts';
import type { PlanesTable } from './planes-table.ts';

/** Milliseconds between looks at what the others say, and for which what is said here stays good. */
const LOOK = 2_000;
const REPEAT = 30_000;
/** Milliseconds after which a control plane that was not seen is none any more, and its certificates are not trusted. */
export const KEPT = 7 * 86_400_000;

/** What a control plane says of itself. */
export interface OwnPlace {
  /** Where the others, and nodes, find its API. */
  readonly address: string;
  /** Of the certificate that it shows; null: there is no TLS. */
  readonly fingerprint: string | null;
  /** Of the one that it will show; null: that is not known yet. */
  readonly nextFingerprint: string | null;
}

export interface ListedControlPlane extends ControlPlaneRow {
  readonly isOwn: boolean;
}

export interface ControlPlanesOptions {
  /** null: this one has the state to itself. */
  readonly table: Pick<PlanesTable, 'read' | 'write' | 'removeOthersAt' | 'removeBefore'> | null;
  readonly own: () => OwnPlace;
  readonly software: string;
  /** Who leads removes what is old. */
  readonly leads: () => boolean;
  /** Nodes have to know other certificates than before. */
  readonly changed: () => void;
  readonly failed: (error: unknown) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * The control planes that share a state, and the certificates by which nodes know them. Whoever leads tells nodes all of
 * them, so that they know its successor before there is one.
 */
export class ControlPlanes {
  readonly #options: ControlPlanesOptions;
  /** The rows of the others, the one first that was seen last: as many as nodes can know. */
  #others: readonly ControlPlaneRow[] = [];
  /** The row that was written last. */
  #said: ControlPlaneRow | null = null;
  /** What nodes were told of last. */
  #told = '';
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;
  #complains = false;

  constructor(options: ControlPlanesOptions) {
    this.#options = options;
  }

  /** All there are, in order of their addresses; `isOwn`: this is the one. */
  list(): ListedControlPlane[] {
    const own = { ...this.#ownRow(), isOwn: true };
    return [own, ...this.#others.map((row) => ({ ...row, isOwn: false }))].sort((a, b) =>
      planeKey(a) < planeKey(b) ? -1 : 1,
    );
  }

  /**
   * SHA-256 of the certificates of all of them, each once; the one that this one shows is the first. No more than nodes
   * keep: of the control planes, those seen last.
   */
  fingerprints(): string[] {
    const all = [this.#ownRow(), ...this.#others].flatMap((row) => [row.fingerprint, row.next_fingerprint ?? '']);
    const known = [...new Set(all.filter((one) => one !== ''))].slice(0, MOST_CERTIFICATES);
    // In an order that does not change with who was seen last: nodes are told, and write, what is new alone.
    return [...known.slice(0, 1), ...known.slice(1).sort()];
  }

  /** Says what this one is, reads what the others say, and does both again and again. What fails is tried again. */
  async begin(): Promise<void> {
    this.#timer = setInterval(() => this.#isLooking || void this.look(), LOOK);
    await this.look();
  }

  /** Resolves when no look is under way any more. */
  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#looking;
  }

  /** Looks now. Never rejects: what was known stays known. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { table, changed, failed } = this.#options;
    this.#isLooking = true;
    try {
      if (table !== null) await this.#exchange(table);
      this.#complains = false;
    } catch (error) {
      // Once: a database that is away for a night must not fill the log.
      if (!this.#complains) failed(error);
      this.#complains = true;
    }
    this.#isLooking = false;
    const known = this.fingerprints().join();
    if (known === this.#told) return;
    this.#told = known;
    changed();
  }

  async #exchange(table: NonNullable<ControlPlanesOptions['table']>): Promise<void> {
    const { leads, now } = this.#options;
    const [own, said] = [this.#ownRow(), this.#said];
    if (said === null || !isSame(own, said) || own.seen_at - said.seen_at >= REPEAT) {
      await table.write(own);
      // Nobody shows the certificates before any more, also those of files that were replaced while this one was stopped.
      if (said === null || planeKey(said) !== planeKey(own)) await table.removeOthersAt(own);
      if (leads()) await table.removeBefore(now() - KEPT);
      // Only now: of what has failed, nothing is forgotten.
      this.#said = own;
    }
    const rows = await table.read();
    this.#others = rows
      .filter((row) => planeKey(row) !== planeKey(own) && row.seen_at >= now() - KEPT)
      .sort((a, b) => b.seen_at - a.seen_at || (planeKey(a) < planeKey(b) ? -1 : 1))
      .slice(0, MOST_CERTIFICATES);
  }

  #ownRow(): ControlPlaneRow {
    const { own, software, now } = this.#options;
    const { address, fingerprint, nextFingerprint } = own();
    return {
      ...{ address, software, seen_at: now() },
      fingerprint: fingerprint ?? '',
      next_fingerprint: nextFingerprint,
    };
  }
}

/** What tells one from another: a certificate that is another one is another row. */
export function planeKey({ address, fingerprint }: ControlPlaneRow): string {
  return `${address} ${fingerprint}`;
}

function isSame(a: ControlPlaneRow, b: ControlPlaneRow): boolean {
  return planeKey(a) === planeKey(b) && a.next_fingerprint === b.next_fingerprint && a.software === b.software;
}
