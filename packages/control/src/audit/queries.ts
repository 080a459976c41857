import type { QueryOf } from '@evenkeel/model/contract/types.ts';
import { idAt } from '@evenkeel/model/identifiers.ts';
import type { Kysely } from 'kysely';
import type { AuditRow, Database } from '../store/schema.ts';

/** What entries are asked for; see the contract. */
export type AuditFilters = Omit<NonNullable<QueryOf<'exportAudit'>>, 'after' | 'allTenants'>;

export interface AuditPage {
  /** null: of all tenants. */
  readonly tenantId: string | null;
  readonly filters: AuditFilters;
  readonly order: 'asc' | 'desc';
  /** Only what comes after this entry, in that order. */
  readonly after: string | null;
  readonly limit: number;
}

/** What was found, and after which entry it goes on; null: that was all. */
export interface AuditFound {
  readonly rows: AuditRow[];
  readonly next: string | null;
}

/** Entries that are looked at for one page where no index leads to those that are asked for. */
const LOOKED_AT = 10_000;
/** What there is an index for, within a tenant. */
const INDEXED = ['resourceId', 'resourceKind', 'actorId', 'action', 'outcome'] as const;

/**
 * One page of the audit log. Identifiers begin with the time, so one index serves order, page and time. With more than
 * one filter, or one over all tenants, a page ends after `lookedAt` entries, whatever was found among them.
 */
export async function auditPage(db: Kysely<Database>, page: AuditPage, lookedAt = LOOKED_AT): Promise<AuditFound> {
  const filtered = INDEXED.filter((name) => page.filters[name] !== undefined).length;
  const isServed = filtered === 0 || (filtered === 1 && page.tenantId !== null);
  const edge = isServed
    ? undefined
    : await inRange(db, page)
        .select('id')
        .offset(lookedAt - 1)
        .limit(1)
        .executeTakeFirst();
  const { resourceId, resourceKind, actorId, action, outcome } = page.filters;
  const rows = await inRange(db, page)
    .selectAll()
    .$if(edge !== undefined, (query) => query.where('id', page.order === 'asc' ? '<=' : '>=', edge!.id))
    .$if(resourceId !== undefined, (query) => query.where('resource_id', '=', resourceId!))
    .$if(resourceKind !== undefined, (query) => query.where('resource_kind', '=', resourceKind!))
    .$if(actorId !== undefined, (query) => query.where('actor', '=', actorId!))
    .$if(action !== undefined, (query) => query.where('action', '=', action!))
    .$if(outcome !== undefined, (query) => query.where('outcome', '=', outcome!))
    .limit(page.limit + 1)
    .execute();
  if (rows.length <= page.limit) return { rows, next: edge?.id ?? null };
  const shown = rows.slice(0, page.limit);
  return { rows: shown, next: shown.at(-1)!.id };
}

/** Entries of the tenant and the time, behind the place, in order. */
function inRange(db: Kysely<Database>, { tenantId, filters: { from, to }, order, after }: AuditPage) {
  return db
    .selectFrom('audit_entry')
    .$if(tenantId !== null, (query) => query.where('tenant_id', '=', tenantId))
    .$if(from !== undefined, (query) => query.where('id', '>=', idAt('auditEntry', Date.parse(from!))))
    .$if(to !== undefined, (query) => query.where('id', '<', idAt('auditEntry', Date.parse(to!))))
    .$if(after !== null, (query) => query.where('id', order === 'asc' ? '>' : '<', after!))
    .orderBy('id', order);
}
