import { REVISIONS } from '@evenkeel/model/limits.ts';
import type { RevisionDifference, RevisionRollback, RolledBack } from '@evenkeel/model/resources/revision.ts';
import type { Caller } from '../access/identity.ts';
import { difference } from '../configuration/difference.ts';
import type { Assessor } from '../impact/assess.ts';
import type { Touched } from '../impact/touched.ts';
import { ProblemError } from '../problem.ts';
import { checkMaterial } from '../resources/material.ts';
import { notFound } from '../resources/rules.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Change, Draft } from '../state/draft.ts';
import { equal } from '../state/equal.ts';
import type { AnyRecord } from '../state/records.ts';
import { sameParts, scopedTo } from '../state/scope.ts';
import type { State } from '../state/state.ts';
import { changesShown, type Image, Past, shortened, summaryOf } from '../store/journal.ts';
import type { RevisionRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { placeImages, putBack } from './put-back.ts';

/** How often it is begun anew when the configuration changes meanwhile. */
const ATTEMPTS = 5;

/** Who wants it, and by which request. */
export interface RolledBackFor {
  readonly caller: Caller;
  readonly requestId: string;
  /** Refuses what whoever asks may not change, or may not any more. */
  readonly check: (draft: Draft) => void;
}

export type RevisionHead = Omit<RevisionRow, 'undo' | 'changes'>;
const HEAD = [
  'generation',
  'tenant_id',
  'at',
  'actor',
  'action',
  'request_id',
  'operation_id',
  'size',
  'summary',
  'resources',
] as const;

/** The past of the configuration of each tenant, and the way back to it. */
export class Revisions {
  readonly #store: Store;
  readonly #vault: Vault;
  readonly #assessor: Assessor;
  readonly #reading = new OneAtATime();

  constructor(store: Store, vault: Vault, assessor: Assessor) {
    this.#store = store;
    this.#vault = vault;
    this.#assessor = assessor;
  }

  /** The newest first; `before` is a generation. */
  list(tenantId: string, limit: number, before: number | null): Promise<RevisionHead[]> {
    return this.#store.read((db) =>
      db
        .selectFrom('revision')
        .select(HEAD)
        .where('tenant_id', '=', tenantId)
        .$if(before !== null, (select) => select.where('generation', '<', before!))
        .orderBy('generation', 'desc')
        .limit(limit)
        .execute(),
    );
  }

  async get(tenantId: string, id: string): Promise<RevisionHead & Pick<RevisionRow, 'changes'>> {
    const row = await this.#store.read((db) =>
      db
        .selectFrom('revision')
        .select([...HEAD, 'changes'])
        .where('tenant_id', '=', tenantId)
        .where('generation', '=', Number(id))
        .executeTakeFirst(),
    );
    return row ?? notFound('revision', id);
  }

  /** What differs from what was there after one revision to what was there after another, or is there now. */
  async difference(tenantId: string, from: string, to: string | null): Promise<RevisionDifference> {
    await this.get(tenantId, from);
    if (to !== null) await this.get(tenantId, to);
    return this.#onPresent(tenantId, [Number(from), to === null ? null : Number(to)], (images) => {
      const [before, after] = images.map((at) => this.#store.preview(tenantId, (draft) => placed(draft, at)));
      const changes = changesBetween(before!, after!);
      const rows = difference(before!, after!, changes.slice(0, REVISIONS.changes), [], true).map(shortened);
      return { from, to, summary: summaryOf(changes), changes: rows };
    });
  }

  /** Makes the configuration of the tenant what it was, in one change. */
  async rollBack(
    id: string,
    { dryRun = false, before = false }: RevisionRollback,
    { caller, requestId, check }: RolledBackFor,
  ): Promise<RolledBack> {
    const tenantId = caller.actingIn;
    const { generation } = await this.get(tenantId, id);
    const wanted = before ? generation - 1 : generation;
    const store = this.#store;
    const plan = await this.#onPresent(tenantId, [wanted], ([images]) =>
      store.preview(tenantId, (draft) => this.#carriedOut(draft, images!, check)),
    );
    const impact = await this.#assessor.measure(plan.touched);
    if (dryRun) {
      const { summary, changes } = plan;
      return { id, dryRun, generation: store.state.generation, operationId: null, summary, changes, impact };
    }
    const {
      value,
      operation,
      generation: made,
    } = await this.#onPresent(tenantId, [wanted], ([images], present) =>
      store.write({
        action: 'rollBack',
        actor: caller.id,
        author: caller,
        requestId,
        tenantId,
        run: (draft) => {
          if (!sameParts(draft.base, present)) throw new Moved();
          return this.#carriedOut(draft, images!, check);
        },
      }),
    );
    const { summary, changes } = value;
    return { id, dryRun, generation: made, operationId: operation.id, summary, changes, impact };
  }

  #carriedOut(
    draft: Draft,
    images: ReadonlyMap<string, Image>,
    check: RolledBackFor['check'],
  ): Pick<RolledBack, 'summary' | 'changes'> & { touched: Touched[] } {
    putBack(draft, images);
    check(draft);
    checkMaterial(draft);
    const touched = this.#assessor.touched(draft.whole, draft.finish());
    return { touched, summary: summaryOf(draft.changes), changes: changesShown(draft, draft.changes) };
  }

  /**
   * Reads what the objects were after each of the generations (null: what they are), and works with it on the state that
   * this is relative to; again, when the tenant's part of that has changed meanwhile.
   */
  async #onPresent<T>(
    tenantId: string,
    generations: readonly (number | null)[],
    work: (images: readonly ReadonlyMap<string, Image>[], present: State) => T | Promise<T>,
  ): Promise<T> {
    const pasts = generations.map((generation) => (generation === null ? null : new Past(tenantId, generation)));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const present = await this.#reading.inTurn(() =>
        this.#store.read(async (db) => {
          const state = scopedTo(this.#store.state, tenantId);
          // After the first time, only what was written meanwhile.
          for (const past of pasts) await past?.readOn(db, this.#vault);
          return state;
        }),
      );
      const images = pasts.map((past) => past?.images ?? new Map<string, Image>());
      if (!sameParts(scopedTo(this.#store.state, tenantId), present)) continue;
      try {
        return await work(images, present);
      } catch (error) {
        if (!(error instanceof Moved)) throw error;
      }
    }
    throw new ProblemError('too-busy', `the configuration has changed ${ATTEMPTS} times meanwhile; ask again`);
  }
}

/** The configuration has changed since what was read is relative to it. */
class Moved extends Error {}

function placed(draft: Draft, images: ReadonlyMap<string, Image>): Draft {
  placeImages(draft, images);
  return draft;
}

/** What differs between two drafts of the same state. */
function changesBetween(before: Draft, after: Draft): Change[] {
  const kinds = new Map([...before.changes, ...after.changes].map(({ id, kind, before: now }) => [id, { kind, now }]));
  const recordsIn = (draft: Draft) => new Map(draft.changes.map((change) => [change.id, change.after]));
  const [old, made] = [recordsIn(before), recordsIn(after)];
  return [...kinds].flatMap(([id, { kind, now }]): Change[] => {
    const change = { kind, id, before: old.has(id) ? old.get(id)! : now, after: made.has(id) ? made.get(id)! : now };
    return unlike(change.before, change.after) ? [change] : [];
  });
}

function unlike(a: AnyRecord | null, b: AnyRecord | null): boolean {
  const plain = (record: AnyRecord | null) => record && { ...record, generation: 0, createdAt: 0, updatedAt: 0 };
  return !equal(plain(a), plain(b));
}
