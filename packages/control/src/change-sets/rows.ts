import type {
  ChangeSet,
  ChangeSetApplied,
  ChangeSetCreate,
  ChangeSetHead,
} from '@evenkeel/model/resources/change-set.ts';
import { timestamp } from '../api/views.ts';
import { Secret } from '../secrets/secret.ts';
import type { Vault } from '../secrets/vault.ts';
import type { ChangeSetRow } from '../store/schema.ts';

/** The parts of a plan that are for people. */
export type ShownPlan = Pick<ChangeSet, 'summary' | 'changes' | 'impact'>;

/** What a list needs of a change set: neither what it consists of, nor its plan, which are large. */
export type ChangeSetHeadRow = Omit<ChangeSetRow, 'content' | 'plan' | 'ids' | 'fingerprint'>;

/** What a change set consists of may hold private keys, so it is sealed while it waits. */
export function sealed(id: string, content: ChangeSetCreate, vault: Vault): string {
  return vault.seal(`${id}/content`, new Secret(JSON.stringify(content)));
}

export function contentOf({ id, content }: ChangeSetRow, vault: Vault): ChangeSetCreate {
  return JSON.parse(vault.open(`${id}/content`, content).reveal()) as ChangeSetCreate;
}

/** `now` in Unix milliseconds. */
export function showHead(row: ChangeSetHeadRow, now: number): ChangeSetHead {
  const applied = row.answer === null ? null : (JSON.parse(row.answer) as ChangeSetApplied);
  return {
    id: row.id,
    description: row.description,
    status: applied !== null ? 'applied' : row.expires_at <= now ? 'expired' : 'planned',
    generation: row.generation,
    actor: row.actor,
    summary: JSON.parse(row.summary) as ChangeSetHead['summary'],
    operationId: applied?.operationId ?? null,
    appliedGeneration: applied?.generation ?? null,
    createdAt: timestamp(row.created_at),
    updatedAt: timestamp(row.updated_at),
    expiresAt: timestamp(row.expires_at),
  };
}

export function showChangeSet(row: ChangeSetRow, now: number): ChangeSet {
  return { ...showHead(row, now), ...(JSON.parse(row.plan) as ShownPlan) };
}
