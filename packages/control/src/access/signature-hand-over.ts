import type { Logger } from 'pino';
import type { Store } from '../store/store.ts';
import type { Signatures, Term } from './signatures.ts';

/**
 * A control plane that ends in good order leaves what it knows of signatures to the one that leads next: it takes writes
 * by access keys at once, and still takes none twice. After a crash there is nothing, and writes have to wait.
 */

/** Writes down what this one knows. Nothing may be accepted here any more. Without it, whoever is next waits. */
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
 * Goes on with what the one before has left. It is gone then: should this one crash, it tells of too little. When it cannot
 * be read, writes have to wait as after a crash.
 */
export async function takeOverSignatures(
  store: Pick<Store, 'record'>,
  signatures: Signatures,
  logger: Logger,
): Promise<void> {
  let term: Term | null = null;
  try {
    await store.record(async (trx) => {
      const row = await trx.selectFrom('signature_term').selectAll().where('id', '=', 1).executeTakeFirst();
      term = row === undefined ? null : (JSON.parse(row.term) as Term);
      if (row !== undefined) await trx.deleteFrom('signature_term').execute();
    });
  } catch (error) {
    logger.error({ err: error }, 'what the control plane before knew of signatures could not be read');
    return;
  }
  if (term !== null) signatures.goOnWith(term);
}
