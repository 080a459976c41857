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

/** One page of the audit log. Identifiers begin with the time, so one index serves order, page and time. */
export function auditRows(
  db: Kysely<Database>,
  { tenantId, filters, order, after, limit }: AuditPage,
): Promise<AuditRow[]> {
  const { resourceId, resourceKind, actorId, action, outcome, from, to } = filters;
  return db
    .selectFrom('audit_entry')
    .selectAll()
    .$if(tenantId !== null, (query) => query.where('tenant_id', '=', tenantId))
    .$if(resourceId !== undefined, (query) => query.where('resource_id', '=', resourceId!))
    .$if(resourceKind !== undefined, (query) => query.where('resource_kind', '=', resourceKind!))
    .$if(actorId !== undefined, (query) => query.where('actor', '=', actorId!))
    .$if(action !== undefined, (query) => query.where('action', '=', action!))
    .$if(outcome !== undefined, (query) => query.where('outcome', '=', outcome!))
    .$if(from !== undefined, (query) => query.where('id', '>=', idAt('auditEntry', Date.parse(from!))))
    .$if(to !== undefined, (query) => query.where('id', '<', idAt('auditEntry', Date.parse(to!))))
    .$if(after !== null, (query) => query.where('id', order === 'asc' ? '>' : '<', after!))
    .orderBy('id', order)
    .limit(limit)
    .execute();
}
