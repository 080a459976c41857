import { CHANGE_SET } from '@evenkeel/model/limits.ts';
import { sql, type Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** Sweeps away plans that expired a day ago, and what was applied a week ago; of each tenant, all but the newest of these. */
export async function trimChangeSets(
  trx: Transaction<Database>,
  now: number,
  kept: Readonly<Record<'expiredMs' | 'appliedMs' | 'applied', number>> = CHANGE_SET,
): Promise<void> {
  await trx
    .deleteFrom('change_set')
    .where((row) =>
      row.or([
        row.and([row('answer', 'is', null), row('expires_at', '<', now - kept.expiredMs)]),
        row('updated_at', '<', now - kept.appliedMs),
        row('tenant_id', 'not in', row.selectFrom('tenant').select('id')),
      ]),
    )
    .execute();
  await sql`
    delete from change_set where id in (
      select id from (
        select id, row_number() over (partition by tenant_id order by updated_at desc, id desc) as place
        from change_set where answer is not null
      ) as applied where place > ${kept.applied}
    )`.execute(trx);
}

/** How many of a tenant wait to be applied. When there are too many, those whose plan has expired go. */
export async function countOpen(trx: Transaction<Database>, tenantId: string, now: number): Promise<number> {
  const open = async () => {
    const { count } = await trx
      .selectFrom('change_set')
      .select((row) => row.fn.countAll<number>().as('count'))
      .where('tenant_id', '=', tenantId)
      .where('answer', 'is', null)
      .executeTakeFirstOrThrow();
    return Number(count);
  };
  const count = await open();
  if (count < CHANGE_SET.open) return count;
  await trx
    .deleteFrom('change_set')
    .where('tenant_id', '=', tenantId)
    .where('answer', 'is', null)
    .where('expires_at', '<=', now)
    .execute();
  return open();
}
