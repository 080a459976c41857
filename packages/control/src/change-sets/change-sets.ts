import type { IdSource } from '@evenkeel/model/identifiers.ts';
import { CHANGE_SET } from '@evenkeel/model/limits.ts';
import type { ChangeSet, ChangeSetApplied, ChangeSetCreate } from '@evenkeel/model/resources/change-set.ts';
import type { ObjectChange } from '@evenkeel/model/resources/document.ts';
import type { Transaction } from 'kysely';
import { checkMatch } from '../api/preconditions.ts';
import type { AuditMaker, NewAuditEntry } from '../audit/entry.ts';
import { difference } from '../configuration/difference.ts';
import type { Assessor } from '../impact/assess.ts';
import type { Touched } from '../impact/touched.ts';
import { ProblemError } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Draft } from '../state/draft.ts';
import { shortened, summaryOf } from '../store/journal.ts';
import type { ChangeSetRow, Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { countOpen, trimChangeSets } from '../store/trim-change-sets.ts';
import type { CarriedOutBy, ChangeSetWriter } from './carry-out.ts';
import { fingerprintOf } from './fingerprint.ts';
import { outdated } from './outdated.ts';
import type { Made } from './references.ts';
import { type ChangeSetHeadRow, contentOf, type ShownPlan, sealed, showChangeSet } from './rows.ts';

const HEAD = [
  'id',
  'tenant_id',
  'description',
  'actor',
  'generation',
  'summary',
  'answer',
  'created_at',
  'updated_at',
  'expires_at',
] as const;

export interface ChangeSetOptions {
  readonly store: Store;
  readonly vault: Vault;
  readonly writer: ChangeSetWriter;
  readonly assessor: Assessor;
  readonly ids: IdSource;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What a change set would do to the present state. */
interface Outcome {
  readonly made: ReadonlyMap<string, Made>;
  readonly changes: readonly ObjectChange[];
  readonly summary: ChangeSet['summary'];
  readonly touched: readonly Touched[];
  readonly fingerprint: string;
  readonly generation: number;
  /** Identifiers that it has given out. */
  readonly ids: readonly string[];
}

/** Changes that are planned first, and then made together or not at all. */
export class ChangeSets {
  readonly #options: ChangeSetOptions;
  /** Those that are being applied: who asks meanwhile gets the same answer. */
  readonly #applying = new Map<string, Promise<ChangeSetApplied>>();

  constructor(options: ChangeSetOptions) {
    this.#options = options;
  }

  /** In order of creation. */
  list(tenantId: string, limit: number, after: string | null): Promise<ChangeSetHeadRow[]> {
    return this.#options.store.read((db) =>
      db
        .selectFrom('change_set')
        .select(HEAD)
        .where('tenant_id', '=', tenantId)
        .$if(after !== null, (select) => select.where('id', '>', after!))
        .orderBy('id')
        .limit(limit)
        .execute(),
    );
  }

  async get(tenantId: string, id: string): Promise<ChangeSetRow> {
    const row = await this.#options.store.read((db) =>
      db.selectFrom('change_set').selectAll().where('tenant_id', '=', tenantId).where('id', '=', id).executeTakeFirst(),
    );
    return row ?? notFound('change set', id);
  }

  async create(content: ChangeSetCreate, by: CarriedOutBy, audit: AuditMaker): Promise<ChangeSet> {
    const { store, vault, ids, now } = this.#options;
    const tenantId = by.caller.actingIn;
    checkSize(content);
    const outcome = this.#preview(content, by);
    const plan = await this.#shown(outcome);
    const id = ids.next('changeSet');
    const at = now();
    const row: ChangeSetRow = {
      id,
      tenant_id: tenantId,
      description: content.description ?? '',
      actor: by.caller.id,
      generation: outcome.generation,
      content: sealed(id, content, vault),
      ids: JSON.stringify(outcome.ids),
      fingerprint: outcome.fingerprint,
      summary: JSON.stringify(outcome.summary),
      plan: JSON.stringify(plan),
      answer: null,
      created_at: at,
      updated_at: at,
      expires_at: at + CHANGE_SET.seconds * 1_000,
    };
    const write = async (trx: Transaction<Database>) => {
      await trimChangeSets(trx, at);
      // In the same turn as what it counts: of two, the second sees the first.
      const used = await countOpen(trx, tenantId, at);
      if (used >= CHANGE_SET.open) {
        const quota = { name: 'changeSets', limit: CHANGE_SET.open, used };
        throw new ProblemError('quota-exceeded', `${used} change sets wait to be applied; delete one`, { quota });
      }
      await trx.insertInto('change_set').values(row).execute();
    };
    await store.record(write, [audit(id)]);
    return showChangeSet(row, at);
  }

  /** Plans it again, on the configuration as it is now. */
  async plan(id: string, by: CarriedOutBy, audit: AuditMaker): Promise<ChangeSet> {
    const { store, vault, now } = this.#options;
    const row = await this.get(by.caller.actingIn, id);
    if (row.answer !== null) throw new ProblemError('plan-outdated', `${id} is applied already`);
    const outcome = this.#preview(contentOf(row, vault), by);
    const plan = await this.#shown(outcome);
    const at = now();
    const planned = {
      generation: outcome.generation,
      ids: JSON.stringify(outcome.ids),
      fingerprint: outcome.fingerprint,
      summary: JSON.stringify(outcome.summary),
      plan: JSON.stringify(plan),
      updated_at: at,
      expires_at: at + CHANGE_SET.seconds * 1_000,
    };
    const write = async (trx: Transaction<Database>) => {
      const open = trx.updateTable('change_set').set(planned).where('id', '=', id).where('answer', 'is', null);
      const { numUpdatedRows } = await open.executeTakeFirst();
      if (numUpdatedRows === 0n) throw new ProblemError('plan-outdated', `${id} was applied or deleted meanwhile`);
    };
    await store.record(write, [audit(id)]);
    return showChangeSet({ ...row, ...planned }, at);
  }

  apply(id: string, ifMatch: string | undefined, by: CarriedOutBy): Promise<ChangeSetApplied> {
    const running = this.#applying.get(id);
    // Of another tenant, it is not there.
    if (running !== undefined) return this.get(by.caller.actingIn, id).then(() => running);
    const applying = this.#apply(id, ifMatch, by).finally(() => this.#applying.delete(id));
    this.#applying.set(id, applying);
    return applying;
  }

  async remove(tenantId: string, id: string, audit: NewAuditEntry): Promise<void> {
    await this.get(tenantId, id);
    const write = async (trx: Transaction<Database>) => {
      const { numDeletedRows } = await trx.deleteFrom('change_set').where('id', '=', id).executeTakeFirst();
      if (numDeletedRows === 0n) notFound('change set', id);
    };
    await this.#options.store.record(write, [audit]);
  }

  async #apply(id: string, ifMatch: string | undefined, by: CarriedOutBy): Promise<ChangeSetApplied> {
    const { store, vault, now } = this.#options;
    const tenantId = by.caller.actingIn;
    const row = await this.get(tenantId, id);
    if (row.answer !== null) return JSON.parse(row.answer) as ChangeSetApplied;
    checkMatch(ifMatch, row);
    if (row.expires_at <= now())
      throw new ProblemError('plan-outdated', `the plan of ${id} has expired; plan it again`);
    const content = contentOf(row, vault);
    const planned = JSON.parse(row.plan) as ShownPlan;
    const answerTo = ({
      value,
      generation,
      operation,
    }: {
      value: Outcome;
      generation: number;
      operation: { id: string };
    }) => ({
      id,
      generation,
      operationId: operation.id,
      summary: value.summary,
      created: Array.from(value.made, ([ref, { kind, id, name }]) => ({ ref, kind, id, name })),
    });
    const committed = await store.write({
      action: 'applyChangeSet',
      actor: by.caller.id,
      author: by.caller,
      requestId: by.requestId,
      tenantId,
      run: (draft) => {
        draft.reserveIds(JSON.parse(row.ids) as string[]);
        const outcome = this.#carryOut(draft, content, by);
        if (outcome.fingerprint !== row.fingerprint) throw outdated(id, planned, outcome.changes);
        return outcome;
      },
      also: async (trx, made) => {
        // What it consisted of is in the configuration now.
        const done = { answer: JSON.stringify(answerTo(made)), content: '', updated_at: now() };
        const { numUpdatedRows } = await trx
          .updateTable('change_set')
          .set(done)
          .where('id', '=', id)
          .where('fingerprint', '=', row.fingerprint)
          .where('answer', 'is', null)
          .executeTakeFirst();
        // Deleted or planned anew since it was read: nothing would remember that it was applied.
        if (numUpdatedRows === 0n)
          throw new ProblemError('plan-outdated', `${id} was deleted or planned again meanwhile`);
      },
    });
    return answerTo(committed);
  }

  #preview(content: ChangeSetCreate, by: CarriedOutBy): Outcome {
    return this.#options.store.preview(by.caller.actingIn, (draft) => this.#carryOut(draft, content, by));
  }

  #carryOut(draft: Draft, content: ChangeSetCreate, by: CarriedOutBy): Outcome {
    const { writer, assessor } = this.#options;
    const made = writer.run(draft, content, by);
    // Something may have been created by others since identifiers were chosen.
    draft.putPartsInOrder();
    by.check(draft);
    const changes = difference(draft.base, draft, draft.changes, [], false);
    const touched = assessor.touched(draft.whole, draft.finish());
    const fingerprint = fingerprintOf(draft, changes, touched);
    const { generation } = draft.base;
    const ids = [...draft.givenIds];
    return { made, changes, summary: summaryOf(draft.changes), touched, fingerprint, generation, ids };
  }

  async #shown({ changes, summary, touched }: Outcome): Promise<ShownPlan> {
    const impact = await this.#options.assessor.measure(touched);
    return { summary, changes: changes.slice(0, CHANGE_SET.shown).map(shortened), impact };
  }
}

function checkSize(content: ChangeSetCreate): void {
  const size = JSON.stringify(content).length;
  if (size <= CHANGE_SET.characters) return;
  const reason = `a change set has at most ${CHANGE_SET.characters} characters, and this one ${size}`;
  throw new ProblemError('body-too-large', reason);
}
