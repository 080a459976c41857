import { existsSync, rmSync } from 'node:fs';
import { SIGNATURE } from '@evenkeel/model/access-limits.ts';
import type { Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { StateDatabase } from '../store/database.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { type Bound, EVERY_KEY } from './signature-bounds.ts';
import type { Signatures, Term } from './signatures.ts';

/** In the place of what a control plane leaves: the state is a copy, and what the original took since is not in it. */
const COPIED = JSON.stringify('copied');

/**
 * A control plane that ends in good order leaves what it knows of signatures to the one that leads next. After a crash
 * there is what it had written down as it went: how far they had got. Either way writes by access keys are taken at once,
 * or a second later, and none is taken twice.
 */

/** Writes down what this one knows. Nothing may be accepted here any more. Without it, whoever is next has the bounds. */
export async function handOverSignatures(
  store: Pick<Store, 'record'>,
  signatures: Signatures,
  logger: Logger,
): Promise<void> {
  const term = signatures.term();
  if (term === null) return;
  const row = { term: JSON.stringify(term) };
  try {
    await store.record(async (trx) => {
      await trx
        .insertInto('signature_term')
        .values({ id: 1, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    });
  } catch (error) {
    logger.error({ err: error }, 'signatures could not be handed over');
  }
}

/**
 * Goes on with what the one before has left, which is gone then, before anything is accepted here: should this one crash,
 * it tells of too little. Nobody else may write any more. When it cannot be read, writes have to wait until nothing that
 * was signed before is good any more.
 *
 * @param copied a file that is there when the state is a copy: what was used since it was made is not in it
 */
export async function takeOverSignatures(
  { db }: Pick<StateDatabase, 'db'>,
  signatures: Signatures,
  logger: Logger,
  copied: string | null = null,
): Promise<void> {
  const isCopy = copied !== null && existsSync(copied);
  let term: Term | null = null;
  let bounds: Bound[] = [];
  try {
    await db.transaction().execute(async (trx) => {
      const row = await trx.selectFrom('signature_term').selectAll().where('id', '=', 1).executeTakeFirst();
      if (isCopy || row?.term === COPIED) await forgetSignatures(trx, Date.now());
      else if (row !== undefined) {
        term = JSON.parse(row.term) as Term;
        await trx.deleteFrom('signature_term').execute();
      }
      const rows = await trx.selectFrom('signature_bound').selectAll().execute();
      bounds = rows.map(({ name, until }) => [name, until]);
    });
  } catch (error) {
    logger.error({ err: error }, 'what the control plane before knew of signatures could not be read');
    return;
  }
  if (isCopy) rmSync(copied, { force: true });
  signatures.goOnAfter(bounds);
  if (term !== null) signatures.goOnWith(term);
}

/** Writes down how far signatures have got, and forgets keys whose signatures of then are good no longer. */
export function writeBound(store: Pick<Store, 'record'>, [name, until]: Bound): Promise<void> {
  return store.record(async (trx) => {
    await putBound(trx, [name, until]);
    // Should it still be there, since it could not be read at the take-over: it tells of too little now.
    await trx.deleteFrom('signature_term').execute();
    if (name === EVERY_KEY) return;
    const good = Date.now() - SIGNATURE.skew * 1_000;
    await trx.deleteFrom('signature_bound').where('until', '<', good).execute();
  });
}

/** In a copy of a state: what the original has taken since is not known, so that writes wait as long as clocks differ. */
export async function forgetSignatures(trx: Transaction<Database>, now: number): Promise<void> {
  await trx.deleteFrom('signature_term').execute();
  await putBound(trx, [EVERY_KEY, now + SIGNATURE.settle * 1_000]);
}

/** Has the first control plane on this copy of a state forget signatures when it starts, however much later that is. */
export async function markCopied(trx: Transaction<Database>): Promise<void> {
  await trx.deleteFrom('signature_term').execute();
  await trx.insertInto('signature_term').values({ id: 1, term: COPIED }).execute();
}

async function putBound(trx: Transaction<Database>, [name, until]: Bound): Promise<void> {
  await trx
    .insertInto('signature_bound')
    .values({ name, until })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ until }).where('signature_bound.until', '<', until))
    .execute();
}
