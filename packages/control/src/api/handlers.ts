import type { OperationName } from '@evenkeel/model/contract/contract.ts';
import type { IdSource } from '@evenkeel/model/identifiers.ts';
import type { ConfigurationResult } from '@evenkeel/model/resources/document.ts';
import { createAccessWrites } from '../access/writes.ts';
import { exportAudit } from '../audit/reads.ts';
import type { Backups } from '../backup/backups.ts';
import type { BlockLists } from '../block-list/block-lists.ts';
import { ChangeSetWriter } from '../change-sets/carry-out.ts';
import { ChangeSets } from '../change-sets/change-sets.ts';
import { applyDocuments } from '../configuration/apply.ts';
import { resultOf } from '../configuration/result.ts';
import { applyShared } from '../configuration/shared.ts';
import { streamEvents } from '../events/reads.ts';
import type { Assessor } from '../impact/assess.ts';
import { createPlacementReads, createPlacementWrites } from '../placement/calls.ts';
import type { Revisions } from '../revisions/revisions.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Draft } from '../state/draft.ts';
import { createWebhookWrites } from '../webhooks/calls.ts';
import { createBackupCalls } from './backups.ts';
import { createBlockListCalls } from './block-list.ts';
import type { Call } from './call.ts';
import { createChangeSetCalls } from './change-sets.ts';
import { createDeletionReads } from './deletions.ts';
import { createDenyListCalls } from './deny-list.ts';
import { createExchangeHandlers } from './exchange.ts';
import { createNodeCalls, type NodeSources } from './nodes.ts';
import { createOperationCalls, type OperationSources } from './operations.ts';
import { createReads, type ReadSources } from './reads.ts';
import { createRevisionCalls } from './revisions.ts';
import type { AnyCall, Handler } from './routes.ts';
import { changePasswordHandler, createSessionReads, type SessionSources, setPasswordHandler } from './session-calls.ts';
import { specificationWrites } from './specifications.ts';
import type { Validators } from './validation.ts';
import { createWrites } from './writes.ts';
import type { Unstored } from './written.ts';

export interface HandlerSources extends ReadSources, SessionSources, OperationSources, NodeSources {
  readonly backups: Backups;
  readonly revisions: Revisions;
  readonly blockLists: BlockLists;
  readonly assessor: Assessor;
  readonly vault: Vault;
  readonly validators: Validators;
  /** Makes the identifiers of change sets. */
  readonly ids: IdSource;
}

/** How each operation of the contract is carried out. */
export function createHandlers(sources: HandlerSources): Readonly<Record<OperationName, (call: AnyCall) => Handler>> {
  const { store, nodes } = sources;
  const handlers: Partial<Record<OperationName, (call: AnyCall) => Handler>> = {};
  for (const [name, read] of Object.entries(createReads(sources))) {
    const handler: Handler = { kind: 'read', read: read as (call: AnyCall) => unknown };
    handlers[name as OperationName] = () => handler;
  }
  for (const [name, carryOut] of Object.entries(createSessionReads(sources))) {
    const handler: Handler = { kind: 'read', read: carryOut as (call: AnyCall) => unknown };
    handlers[name as OperationName] = () => handler;
  }
  handlers.setPassword = (call) => setPasswordHandler(sources, call as unknown as Call<'setPassword'>);
  handlers.changePassword = (call) => changePasswordHandler(sources, call as unknown as Call<'changePassword'>);
  const writes = createWrites(nodes);
  const writer = new ChangeSetWriter(writes, sources.validators);
  const calls = {
    ...createBackupCalls(sources.backups, sources.blockLists, store),
    ...createNodeCalls(sources),
    ...createRevisionCalls(sources.revisions),
    ...createPlacementReads(sources),
    ...createBlockListCalls(sources.blockLists, store),
    ...createDenyListCalls(sources.blockLists, sources.now),
    ...createOperationCalls(sources),
    ...createDeletionReads(sources),
    ...createChangeSetCalls(new ChangeSets({ ...sources, writer }), sources.now),
  };
  for (const [name, carryOut] of Object.entries(calls)) {
    const handler: Handler = { kind: 'read', read: carryOut as (call: AnyCall) => unknown };
    handlers[name as OperationName] = () => handler;
  }
  for (const [name, write] of Object.entries(writes)) {
    const handler: Handler = { kind: 'write', write: write as (draft: Draft, call: AnyCall) => object };
    handlers[name as OperationName] = () => handler;
  }

  for (const [name, write] of Object.entries({ ...createWebhookWrites(), ...specificationWrites })) {
    const handler: Handler = { kind: 'write', write: write as (draft: Draft, call: AnyCall) => object };
    handlers[name as OperationName] = () => handler;
  }

  for (const [name, write] of Object.entries({ ...createPlacementWrites(sources), ...createAccessWrites(sources) })) {
    const handler: Handler = { kind: 'write', write: write as (draft: Draft, call: AnyCall) => object };
    handlers[name as OperationName] = () => handler;
  }

  // What goes with a tenant is in that tenant, wherever the call acts.
  const deleteTenant = (call: Call<'deleteTenant'>): Handler => ({
    ...(handlers.deleteTenant!(call as AnyCall) as Extract<Handler, { kind: 'write' }>),
    tenantId: call.params.tenantId,
  });

  const applyConfiguration = ({ body, caller }: Call<'applyConfiguration'>): Handler =>
    body.dryRun
      ? {
          kind: 'read',
          read: () => ({ ...store.preview(caller.actingIn, (draft) => apply(draft, body)), operationId: null }),
        }
      : { kind: 'write', write: (draft) => apply(draft, body) };
  const followEvents: Handler = {
    kind: 'stream',
    open: (call) => streamEvents(sources.events.streams, call as unknown as Call<'streamEvents'>),
  };
  const exportLog: Handler = {
    kind: 'stream',
    open: (call) => exportAudit(sources, call as unknown as Call<'exportAudit'>),
  };
  return {
    ...handlers,
    ...createExchangeHandlers(store),
    exportAudit: () => exportLog,
    streamEvents: () => followEvents,
    deleteTenant: deleteTenant as (call: AnyCall) => Handler,
    applyConfiguration: applyConfiguration as (call: AnyCall) => Handler,
  } as Record<OperationName, (call: AnyCall) => Handler>;
}

function apply(draft: Draft, body: Call<'applyConfiguration'>['body']): Unstored<ConfigurationResult> {
  return resultOf(draft, body.dryRun ?? false, (mention) => {
    applyShared(draft, body, mention);
    applyDocuments(draft, body.loadBalancers ?? [], mention);
  });
}
