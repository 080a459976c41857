import type { Kysely } from 'kysely';
import type { Vault } from '../secrets/vault.ts';
import type { Database } from './schema.ts';

/**
 * Asks for the key of what is sealed and no part of the state, which is read when the state has long been opened: before
 * that, a key that is not there would be made anew. Throws a StartError when it is lost.
 */
export async function expectKey(db: Kysely<Database>, vault: Vault): Promise<void> {
  const authority = await db.selectFrom('node_authority').select('private_key as sealed').executeTakeFirst();
  const zone = await db.selectFrom('zone_key').select('secret as sealed').limit(1).executeTakeFirst();
  for (const row of [authority, zone]) if (row !== undefined) vault.expectKeyOf(row.sealed);
}
