import type { revisionRoutes } from '@evenkeel/model/contract/revisions.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { ObjectChange } from '@evenkeel/model/resources/document.ts';
import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';
import type { Revision } from '@evenkeel/model/resources/revision.ts';
import type { RevisionHead, Revisions } from '../revisions/revisions.ts';
import type { Call } from './call.ts';
import { encode, pageOf } from './paging.ts';
import { timestamp } from './views.ts';

export type RevisionName = keyof typeof revisionRoutes;

export type RevisionCalls = { readonly [K in RevisionName]: (call: Call<K>) => Promise<ResponseOf<K>> };

/** The calls about the past of the configuration. */
export function createRevisionCalls(revisions: Revisions): RevisionCalls {
  return {
    async listRevisions({ query, caller }) {
      const { limit, after } = pageOf(query);
      const rows = await revisions.list(caller.actingIn, limit + 1, after === null ? null : Number(after));
      const items = rows.slice(0, limit).map(showRevision);
      return { items, nextCursor: rows.length > limit ? encode(items.at(-1)!.id) : null };
    },
    async getRevision({ params, caller }) {
      const { changes, ...head } = await revisions.get(caller.actingIn, params.revisionId);
      return { ...showRevision(head), changes: JSON.parse(changes) as ObjectChange[] };
    },
    compareRevision: ({ params, query, caller }) =>
      revisions.difference(caller.actingIn, params.revisionId, query.to ?? null),
    rollBack: ({ params, body, caller, requestId, checkChanges: check }) =>
      revisions.rollBack(params.revisionId, body, { caller, requestId, check }),
  };
}

function showRevision(row: RevisionHead): Revision {
  return {
    id: String(row.generation),
    generation: row.generation,
    action: row.action,
    actor: row.actor,
    requestId: row.request_id,
    operationId: row.operation_id,
    createdAt: timestamp(row.at),
    summary: JSON.parse(row.summary) as Revision['summary'],
    resources: JSON.parse(row.resources) as ResourceRef[],
  };
}
