import { type Kysely, sql } from 'kysely';
import type { Vault } from '../secrets/vault.ts';
import type { State } from '../state/state.ts';
import { toRow } from './rows.ts';
import type { Database } from './schema.ts';

/** How a key of type `oct` shows in the JSON of settings and answers. */
const SECRET_KEY = '%"kty":"oct"%';

/**
 * Seals the secrets of rules that were written before secrets had a column, and takes what they were from the file:
 * answers that are kept for repeated requests, and pages that are not in use any more.
 */
export async function sealRuleSecrets(db: Kysely<Database>, state: State, vault: Vault): Promise<void> {
  const unsealed = await db
    .selectFrom('rule')
    .select('id')
    .where('jwt_secrets', 'is', null)
    .where('settings', 'like', SECRET_KEY)
    .execute();
  if (unsealed.length === 0) return;
  const ids = new Set(unsealed.map(({ id }) => id));
  await sql`pragma secure_delete = on`.execute(db);
  await db.transaction().execute(async (trx) => {
    for (const { ruleGroups } of state.loadBalancers.values()) {
      for (const { rules } of ruleGroups.values()) {
        for (const rule of rules.values()) {
          if (!ids.has(rule.id)) continue;
          const { settings, jwt_secrets } = toRow('rule', rule, vault);
          await sql`update rule set settings = ${settings}, jwt_secrets = ${jwt_secrets} where id = ${rule.id}`.execute(
            trx,
          );
        }
      }
    }
    await trx.deleteFrom('idempotency').where('answer', 'like', SECRET_KEY).execute();
  });
  await sql`vacuum`.execute(db);
  await sql`pragma wal_checkpoint(truncate)`.execute(db);
  await sql`pragma secure_delete = off`.execute(db);
}
