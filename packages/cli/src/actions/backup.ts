import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Backup, BackupRestored } from '@evenkeel/model/resources/backup.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { wordsOf } from '../explain.ts';
import { CliFailure } from '../failure.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { count } from '../output/text.ts';
import { isIdOf, notFound } from './reference.ts';
import { confirm, mustAsk } from './remove.ts';
import { print, printList, printOne, type Session, withSession } from './session.ts';
import { settle } from './settle.ts';

const COLUMNS: readonly Column<Backup>[] = [
  { head: 'ID', of: ({ id }) => id },
  { head: 'MADE', of: ({ createdAt }) => createdAt },
  { head: 'REASON', of: ({ reason }) => reason },
  { head: 'GENERATION', of: ({ configurationGeneration }) => configurationGeneration },
  { head: 'BYTES', of: ({ size }) => size },
  { head: 'DESCRIPTION', of: ({ description }) => description },
];
const SIGNS = { created: '+', updated: '~', deleted: '-' } as const;

export function list(call: Call) {
  return withSession(call, async (session) => printList(session, await all(session), COLUMNS, ({ id }) => id));
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const backup = await find(session, call);
    printOne(session, backup, () => details(backup, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const [description] = call.args as readonly [string?];
    const made = await session.client.createBackup({ body: description === undefined ? {} : { description } });
    printOne(session, made, () => `Backup ${made.id} made: ${count(made.size, 'byte')} in ${made.file}.\n`);
  });
}

export async function verify(call: Call): Promise<number> {
  let sound = false;
  await withSession(call, async (session) => {
    const { id } = await find(session, call);
    const verified = await session.client.verifyBackup({ params: { backupId: id } });
    sound = verified.sound;
    const verdict = sound
      ? `can be restored: ${count(verified.objects, 'object')}`
      : `cannot be restored: ${verified.detail}`;
    printOne(session, verified, () => `Backup ${id} ${verdict}.\n`);
  });
  return sound ? EXIT.ok : EXIT.failed;
}

export async function restore(call: Call): Promise<number> {
  let exitCode: number = EXIT.ok;
  await withSession(call, async (session) => {
    const { id, createdAt } = await find(session, call);
    const params = { backupId: id };
    if (call.options.blockList) {
      const body = { dryRun: call.options.dryRun === true, blockList: true };
      const { blocked, dryRun, ...rest } = await session.client.restoreBackup({ params, body });
      if (dryRun && blocked !== 0) exitCode = EXIT.differences;
      const entries = count(blocked ?? 0, 'source');
      const text = dryRun ? `Up to ${entries} would be blocked again.\n` : `${entries} blocked again.\n`;
      print(session, { json: { ...rest, dryRun, blocked }, ids: [], text: () => text });
      return;
    }
    const ask = mustAsk(session.io, call);
    if (call.options.dryRun || ask) {
      const shown = await session.client.restoreBackup({ params, body: { dryRun: true } });
      const changed = shown.summary.created + shown.summary.updated + shown.summary.deleted;
      if (call.options.dryRun) {
        report(session, shown);
        exitCode = changed === 0 ? EXIT.ok : EXIT.differences;
        return;
      }
      session.io.err(differenceText(shown));
      if (changed > 0) await confirm(session.io, `Make the configuration what it was at ${createdAt}?`);
    }
    const restored = await session.client.restoreBackup({ params, body: {} });
    report(session, restored);
    if (restored.operationId !== null) await settle(session, restored.operationId, call.options);
  });
  return exitCode;
}

export function remove(call: Call) {
  return withSession(call, async (session) => {
    const { id, createdAt } = await find(session, call);
    if (mustAsk(session.io, call)) await confirm(session.io, `Delete backup ${id} of ${createdAt}?`);
    const deleted = await session.client.deleteBackup({ params: { backupId: id } });
    printOne(session, deleted, () => `Backup ${id} deleted.\n`);
  });
}

export function policy(call: Call) {
  return withSession(call, async (session) => {
    const { every, keep, testEvery, on, off } = call.options;
    if (on && off) throw new CliFailure(EXIT.usage, 'give --on or --off, not both.');
    const body = {
      ...(every !== undefined && { intervalHours: every as number }),
      ...(keep !== undefined && { keep: keep as number }),
      ...(testEvery !== undefined && { testIntervalHours: testEvery as number }),
      ...((on || off) && { enabled: on === true }),
    };
    const { client } = session;
    const now =
      Object.keys(body).length > 0 ? await client.updateBackupPolicy({ body }) : await client.getBackupPolicy();
    print(session, { json: now, ids: [], text: () => details(now, session.paint) });
  });
}

function report(session: Session, restored: BackupRestored): void {
  const ids = restored.changes.map(({ id }) => id);
  print(session, { json: restored, ids, text: () => differenceText(restored) });
}

function differenceText({ changes, summary, dryRun, replaced }: BackupRestored): string {
  const lines = changes.map(({ action, kind, name }) => `${SIGNS[action]} ${wordsOf(kind)} ${name}\n`);
  const total = summary.created + summary.updated + summary.deleted;
  const more = total > changes.length ? `… and ${total - changes.length} more\n` : '';
  const sums = `${summary.created} created, ${summary.updated} changed, ${summary.deleted} deleted`;
  const before = replaced === null ? '' : ` What was there before is in backup ${replaced}.`;
  return `${lines.join('')}${more}${sums}${dryRun ? ' (dry run)' : ''}.${before}\n`;
}

async function all(session: Session): Promise<Backup[]> {
  return Array.fromAsync(items(session.client.listBackups, { query: { limit: PAGE.maximum } }));
}

async function find(session: Session, call: Call): Promise<Backup> {
  const [text] = call.args as readonly [string];
  if (isIdOf('backup', text)) return session.client.getBackup({ params: { backupId: text } });
  const latest = text === 'latest' ? (await all(session)).at(-1) : undefined;
  if (latest === undefined) throw notFound('backup', text);
  return latest;
}
