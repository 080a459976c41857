import type { AuditEntry as ShownEntry } from '@evenkeel/model/resources/audit-entry.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { Credential } from '../access/identity.ts';
import type { AuditRow } from '../store/schema.ts';

/** Who did something, as far as it is known. */
export interface Author {
  /** Identifier of the user, `admin`, or `evenkeel` for the control plane itself. */
  readonly id: string;
  readonly name: string;
  /** What they came with; null: they are not known by one. */
  readonly credential: Credential | null;
  /** The address that the request came from; empty: it was no request. */
  readonly source: string;
}

/** Somebody of whom no more is known than the identifier, such as the control plane itself. */
export function authorNamed(id: string): Author {
  return { id, name: id, credential: null, source: '' };
}

/** One change of one resource, or one request that changed nothing. `at` in Unix milliseconds. */
export interface AuditEntry extends Pick<ShownEntry, 'outcome' | 'code' | 'detail' | 'change' | 'omitted'> {
  readonly id: string;
  readonly at: number;
  readonly tenantId: string;
  readonly author: Author;
  readonly action: string;
  readonly requestId: string;
  readonly operationId: string | null;
  readonly generation: number;
  readonly resource: { readonly kind: ResourceKind; readonly id: string; readonly name: string } | null;
  /** JSON, without secrets; see recorded.ts. */
  readonly before: string | null;
  readonly after: string | null;
}

/** One that has yet to be written: identifiers are given in the order of transactions. */
export type NewAuditEntry = Omit<AuditEntry, 'id'>;

/** Makes the entry of a call, for the transaction that writes what it does. `detail`: what no resource says. */
export type AuditMaker = (detail: string) => NewAuditEntry;

/** What an entry has that is no column of its own: nobody looks for it. */
interface Details {
  readonly actorName: string;
  readonly credential: Credential | null;
  readonly source: string;
  readonly code: string | null;
  readonly detail: string;
  readonly requestId: string;
  readonly generation: number;
  readonly name: string;
  readonly change: ShownEntry['change'];
  readonly omitted: number;
}

/** The row without its place among those of its tenant. */
export function toAuditRow(entry: AuditEntry): Omit<AuditRow, 'place' | 'total'> {
  const { author, resource } = entry;
  const details: Details = {
    actorName: author.name,
    credential: author.credential,
    source: author.source,
    code: entry.code,
    detail: entry.detail,
    requestId: entry.requestId,
    generation: entry.generation,
    name: resource?.name ?? '',
    change: entry.change,
    omitted: entry.omitted,
  };
  return {
    id: entry.id,
    tenant_id: entry.tenantId,
    at: entry.at,
    actor: author.id,
    action: entry.action,
    outcome: entry.outcome,
    resource_kind: resource?.kind ?? null,
    resource_id: resource?.id ?? null,
    operation_id: entry.operationId,
    details: JSON.stringify(details),
    before: entry.before,
    after: entry.after,
  };
}

export function showAuditRow(row: AuditRow): ShownEntry {
  const { name, generation, actorName, credential, source, code, detail, requestId, change, omitted } = JSON.parse(
    row.details,
  ) as Details;
  const { resource_kind: kind, resource_id: resourceId } = row;
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    tenantId: row.tenant_id === '' ? null : row.tenant_id,
    actorId: row.actor,
    actorName,
    credential,
    source,
    action: row.action,
    outcome: row.outcome,
    code,
    detail,
    requestId,
    operationId: row.operation_id,
    generation,
    resource: kind === null || resourceId === null ? null : { kind: kind as ResourceKind, id: resourceId, name },
    change,
    before: parsed(row.before),
    after: parsed(row.after),
    omitted,
  };
}

function parsed(text: string | null): ShownEntry['before'] {
  return text === null ? null : (JSON.parse(text) as ShownEntry['before']);
}
