import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database, EventRow } from '../store/schema.ts';

/** Identifiers in one query. */
const ASKED = 500;

/** What was told of a certificate or an authority last. */
export interface Notice {
  /** The end that it was about, as the certificate has it. */
  readonly notAfter: string;
  /** How many days before it; 0: that it has come. */
  readonly days: number;
}

/** What was told of these, by identifier. */
export async function readNotices(db: Kysely<Database>, ids: readonly string[]): Promise<Map<string, Notice>> {
  const notices = new Map<string, Notice>();
  for (let i = 0; i < ids.length; i += ASKED) {
    const rows = await db
      .selectFrom('certificate_notice')
      .selectAll()
      .where('subject_id', 'in', ids.slice(i, i + ASKED))
      .execute();
    for (const { subject_id: id, not_after: notAfter, days } of rows) notices.set(id, { notAfter, days: Number(days) });
  }
  return notices;
}

/** Notes what these events tell, in the transaction that writes them: an event is told when it is on the disk, and once. */
export async function saveNotices(trx: Transaction<Database>, events: readonly EventRow[]): Promise<void> {
  const own = events.filter(({ kind }) => kind.startsWith('certificate.'));
  if (own.length === 0) return;
  for (const { subject_id, body } of own) {
    const { data } = JSON.parse(body) as { data: Notice };
    const told = { not_after: data.notAfter, days: data.days };
    await trx
      .insertInto('certificate_notice')
      .values({ subject_id, ...told })
      .onConflict((conflict) => conflict.column('subject_id').doUpdateSet(told))
      .execute();
  }
  await sql`
    delete from certificate_notice where subject_id not in (select id from certificate)
      and subject_id not in (select id from authority)`.execute(trx);
}
