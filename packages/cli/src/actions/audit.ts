import { open } from 'node:fs/promises';
import { items } from '@evenkeel/client/items.ts';
import { streamLines } from '@evenkeel/client/stream.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { AuditEntry } from '@evenkeel/model/resources/audit-entry.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { wordsOf } from '../explain.ts';
import { CliFailure } from '../failure.ts';
import type { Column } from '../output/table.ts';
import { users } from './kinds.ts';
import { isIdOf, resolve } from './reference.ts';
import { printList, type Session, withSession } from './session.ts';

const COLUMNS: readonly Column<AuditEntry>[] = [
  { head: 'AT', of: ({ at }) => at },
  { head: 'WHO', of: ({ actorName }) => actorName },
  { head: 'FROM', of: ({ source }) => source },
  { head: 'ACTION', of: ({ action }) => action },
  { head: 'ABOUT', of: aboutOf },
  { head: 'CHANGE', of: ({ change, outcome, code }) => change ?? (outcome === 'done' ? null : `${outcome}: ${code}`) },
  { head: 'FIELDS', of: ({ before, after }) => changedFields(before, after) },
];

/** Characters of what no resource says. */
const DETAIL = 60;

/** Fields that every change changes. */
const STAMPS = ['generation', 'updatedAt'];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const limit = Math.max(1, call.options.limit as number);
    const query = { ...(await filtersOf(session, call)), limit: Math.min(limit, PAGE.maximum) };
    const all: AuditEntry[] = [];
    for await (const entry of items(session.client.listAudit, { query })) {
      all.push(entry);
      if (all.length === limit) break;
    }
    printList(session, all, COLUMNS, ({ id }) => id);
  });
}

export function exportAll(call: Call) {
  return withSession(call, async (session) => {
    const { after, out } = call.options;
    const query = { ...(await filtersOf(session, call)), ...(after !== undefined && { after: after as string }) };
    const lines = streamLines(session.connection, 'exportAudit', { query });
    if (out === undefined) {
      for await (const line of lines) {
        session.io.out(`${line}\n`);
        await session.io.drained();
      }
    } else await writeTo(out as string, lines);
  });
}

async function writeTo(path: string, lines: AsyncIterable<string>): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EEXIST' ? 'it is there already' : error.message;
    throw new CliFailure(EXIT.failed, `${path} cannot be written: ${reason}.`);
  });
  try {
    for await (const line of lines) await file.appendFile(`${line}\n`);
  } finally {
    await file.close();
  }
}

/** Names of users are looked up; what is no name of one may be `admin`, or a user that is gone. */
async function filtersOf(session: Session, { options }: Call) {
  const { resource, kind, actor, action, outcome, from, to, allTenants } = options;
  return {
    ...(resource !== undefined && { resourceId: resource as string }),
    ...(kind !== undefined && { resourceKind: kind as ResourceKind }),
    ...(actor !== undefined && { actorId: await actorIdOf(session, actor as string) }),
    ...(action !== undefined && { action: action as string }),
    ...(outcome !== undefined && { outcome: outcome as AuditEntry['outcome'] }),
    ...(from !== undefined && { from: from as string }),
    ...(to !== undefined && { to: to as string }),
    ...(allTenants === true && { allTenants: true }),
  };
}

async function actorIdOf(session: Session, text: string): Promise<string> {
  if (text === 'admin' || text === 'evenkeel' || isIdOf('user', text)) return text;
  return (await resolve(session, users, text)).id;
}

function aboutOf({ resource, outcome, detail }: AuditEntry): string | null {
  if (resource !== null) return `${wordsOf(resource.kind)} ${resource.name || resource.id}`;
  if (outcome !== 'done' || detail === '') return null;
  return detail.length <= DETAIL ? detail : `${detail.slice(0, DETAIL - 2)} …`;
}

function changedFields(before: AuditEntry['before'], after: AuditEntry['after']): string[] {
  if (before === null || after === null) return [];
  return Object.keys(after).filter((field) => {
    return !STAMPS.includes(field) && JSON.stringify(after[field]) !== JSON.stringify(before[field]);
  });
}
