import { contract } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import { ID_PREFIXES, type IdKind, idPattern } from '@evenkeel/model/id-kinds.ts';
import { RESOURCE_KINDS, type ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../access/identity.ts';
import type { AuditEntry, NewAuditEntry } from '../audit/entry.ts';
import type { Refusals } from '../audit/refusals.ts';
import { ProblemError } from '../problem.ts';
import type { Store } from '../store/store.ts';
import type { AnyCall } from './routes.ts';

/**
 * What the audit log has of requests that change no configuration: those that were refused, and those that write rows of
 * their own, such as sessions, lists of sources and change sets, or are about files and nodes.
 */

interface Context {
  readonly refusals: Refusals;
  readonly store: Store;
}

type Work = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** The same work; when it refuses a request to change something, that is noted. */
export function watched({ refusals, store }: Context, action: string, { method }: Route, work: Work): Work {
  if (method === 'GET') return work;
  return async (request, reply) => {
    try {
      return await work(request, reply);
    } catch (error) {
      noteRefusal({ refusals, store }, action, request, error);
      throw error;
    }
  };
}

/** Whoever is not known is in the log of the server alone. */
function noteRefusal({ refusals, store }: Context, action: string, request: FastifyRequest, error: unknown): void {
  const { caller, id: requestId } = request;
  // What failed because of us, and what the framework refused, changed nothing either, and tells nothing of its sender.
  if (caller === null || !(error instanceof ProblemError) || error.status >= 500) return;
  refusals.note({
    ...entryFor(store, action, caller, requestId, request.params as Record<string, string>),
    outcome: error.code === 'forbidden' ? 'denied' : 'refused',
    code: error.code,
    detail: error.message,
  });
}

/** For a call that writes its entry with its own rows. */
export function doneEntry(
  store: Store,
  action: string,
  { caller, id, params }: FastifyRequest,
  detail: string,
): NewAuditEntry {
  const entry = entryFor(store, action, caller!, id, params as Record<string, string>);
  return { ...entry, outcome: 'done', code: null, detail, omitted: 0 };
}

/**
 * Records a call that has written nothing, such as one that asked a node: whoever writes rows has the entry written with
 * them (`audit` of the call), and what made an operation is recorded with it.
 */
export async function recordDone(
  store: Store,
  action: string,
  caller: Caller,
  call: AnyCall,
  answer: unknown,
): Promise<void> {
  const { operationId = null } = (answer ?? {}) as { operationId?: string | null };
  const { dryRun = false } = (call.body ?? {}) as { dryRun?: boolean };
  if (operationId !== null || dryRun) return;
  const entry = entryFor(store, action, caller, call.requestId, call.params as Readonly<Record<string, string>>);
  // What has no kind of resource, such as a change set, is named here.
  const detail = entry.resource === null ? (Object.values(call.params ?? {}).at(-1) ?? '') : '';
  await store.recordAudit([{ ...entry, outcome: 'done', code: null, detail, omitted: 0 }]);
}

function entryFor(
  store: Store,
  action: string,
  caller: Caller,
  requestId: string,
  params: Readonly<Record<string, string>>,
): Omit<NewAuditEntry, 'outcome' | 'code' | 'detail' | 'omitted'> {
  const { id, name, credential, source } = caller;
  const tenantId = logFor(action, caller);
  const { generation } = store.state;
  const resource = resourceOf(params);
  const author = { id, name, credential, source };
  const nothing = { operationId: null, change: null, before: null, after: null };
  return { at: Date.now(), tenantId, author, action, requestId, generation, resource, ...nothing };
}

/** Calls that take a role of the installation and change the tenant that is acted in. */
const CHANGING_ONE_TENANT: readonly string[] = ['restoreBackup', 'updateQuotas'];

/**
 * The tenant in whose log a call is. What is about the installation is about no tenant, whichever is acted in: then it is
 * in the log of whoever did it, and of no other.
 */
export function logFor(action: string, caller: Caller): string {
  const { reach } = (contract as Readonly<Record<string, Route>>)[action]!;
  const ofInstallation = reach === 'all' && !CHANGING_ONE_TENANT.includes(action);
  return ofInstallation ? caller.tenantId : caller.actingIn;
}

/**
 * What the path names: the last of its parameters, when it has the form of an identifier. A node has a name of its own
 * choice, which may begin like an identifier (`lb-1`).
 */
export function resourceOf(params: Readonly<Record<string, string>>): AuditEntry['resource'] {
  const [parameter = '', id = ''] = Object.entries(params ?? {}).at(-1) ?? [];
  if (parameter === 'nodeId') return id.length <= LONGEST_NODE_ID ? { kind: 'node', id, name: id } : null;
  const kind = (Object.keys(ID_PREFIXES) as IdKind[]).find((candidate) => new RegExp(idPattern(candidate)).test(id));
  const known = (RESOURCE_KINDS as readonly string[]).includes(kind ?? '');
  return known ? { kind: kind as ResourceKind, id, name: '' } : null;
}

/** Characters; see `NodeId` of the model. */
const LONGEST_NODE_ID = 63;
