import { CHANGE_SET } from '@evenkeel/model/limits.ts';
import type { Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Sweeps away plans that expired a day ago, and what was applied a week ago. */
export async function trimChangeSets(trx: Transaction<Database>, now: number): Promise<void> {
  await trx
    .deleteFrom('change_set')
    .where((row) =>
      row.or([
        row.and([row('answer', 'is', null), row('expires_at', '<', now - CHANGE_SET.expiredMs)]),
        row('updated_at', '<', now - CHANGE_SET.appliedMs),
        row('tenant_id', 'not in', row.selectFrom('tenant').select('id')),
      ]),
    )
    .execute();
}
