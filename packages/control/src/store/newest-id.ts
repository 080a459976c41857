import type { Kysely } from 'kysely';
import { newestId, type State } from '../state/state.ts';
import type { Database } from './schema.ts';

/**
 * The newest identifier of what writes make: new ones are to sort after it, also where the clock was set back, or is that
 * of another host. Whoever reads operations and the audit log in their order misses nothing then.
 */
export async function newestWrittenId(db: Kysely<Database>, state: State): Promise<string | undefined> {
  const newestOf = (table: 'operation' | 'audit_entry') =>
    db.selectFrom(table).select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
  const [operation, entry] = [await newestOf('operation'), await newestOf('audit_entry')];
  const order = (id: string) => id.slice(id.indexOf('-') + 1);
  return [newestId(state), operation?.id, entry?.id]
    .filter((id) => id !== undefined)
    .reduce<string | undefined>(
      (newest, id) => (newest === undefined || order(id) > order(newest) ? id : newest),
      undefined,
    );
}
