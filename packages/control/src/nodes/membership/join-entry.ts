import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { authorNamed, type NewAuditEntry } from '../../audit/entry.ts';
import type { NodeIdentityRow } from '../../store/schema.ts';

/** Where a request to join came from. */
export interface JoinSource {
  /** The address. */
  readonly source: string;
  readonly requestId: string;
}

/**
 * What the audit log has of a node that joins. Who does that is known by the token alone; nodes are the installation's,
 * so it stands where what its administrator does is found. `at` in Unix milliseconds.
 */
export function joinEntry(
  { node, zone, join_token_id }: NodeIdentityRow,
  { source, requestId }: JoinSource,
  { at, generation }: Pick<NewAuditEntry, 'at' | 'generation'>,
): NewAuditEntry {
  return {
    ...{ at, generation, requestId, tenantId: DEFAULT_TENANT.id, action: 'agentJoin' },
    author: { ...authorNamed(join_token_id), source },
    ...{ outcome: 'done', code: null, detail: `${node}: zone ${zone === '' ? 'none' : zone}` },
    ...{ operationId: null, resource: null, change: null, before: null, after: null, omitted: 0 },
  };
}
