import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import { leadingFirst } from '@evenkeel/model/resources/leading.ts';
import type { Revision, RolledBack } from '@evenkeel/model/resources/revision.ts';
import type { Call } from '../commands/call.ts';
import { changesText, revisedText } from '../document/changes.ts';
import { impactText } from '../document/impact.ts';
import { EXIT } from '../exit-codes.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { notFound } from './reference.ts';
import { confirm, mustAsk } from './remove.ts';
import { print, printList, printOne, type Session, withSession } from './session.ts';
import { settle } from './settle.ts';

const COLUMNS: readonly Column<Revision>[] = [
  { head: 'ID', of: ({ id }) => id },
  { head: 'MADE', of: ({ createdAt }) => createdAt },
  { head: 'BY', of: ({ actor }) => actor },
  { head: 'ACTION', of: ({ action }) => action },
  { head: 'CHANGES', of: ({ summary }) => `+${summary.created} ~${summary.updated} -${summary.deleted}` },
  { head: 'OF', of: ({ resources }) => namesOf(resources) },
];

/** Of those that a revision touched, so many are named. */
const NAMED = 3;

function namesOf(resources: Revision['resources']): string[] {
  const names = leadingFirst(resources).map(({ name }) => name);
  return names.length <= NAMED ? names : [...names.slice(0, NAMED), `${names.length - NAMED} more`];
}

export function list(call: Call) {
  return withSession(call, async (session) => {
    const most = call.options.limit as number;
    const shown: Revision[] = [];
    const limit = Math.min(Math.max(most, 1), PAGE.maximum);
    for await (const one of items(session.client.listRevisions, { query: { limit } })) {
      if (shown.length >= most) break;
      shown.push(one);
    }
    printList(session, shown, COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const revisionId = await find(session, call.args[0] as string);
    const shown = await session.client.getRevision({ params: { revisionId } });
    const { changes, summary: _, resources: __, generation: ___, ...head } = shown;
    printOne(session, shown, () => `${details(head, session.paint)}\n${textOf(session, shown)}`);
  });
}

export async function diff(call: Call): Promise<number> {
  let exitCode: number = EXIT.ok;
  await withSession(call, async (session) => {
    const [from, other] = call.args as readonly [string, string?];
    const revisionId = await find(session, from);
    const query = other === undefined ? {} : { to: await find(session, other) };
    const difference = await session.client.compareRevision({ params: { revisionId }, query });
    print(session, {
      json: difference,
      ids: difference.changes.flatMap(({ id }) => id ?? []),
      text: () => textOf(session, difference),
    });
    if (changed(difference) > 0) exitCode = EXIT.differences;
  });
  return exitCode;
}

export async function rollback(call: Call): Promise<number> {
  let exitCode: number = EXIT.ok;
  await withSession(call, async (session) => {
    const params = { revisionId: await find(session, call.args[0] as string) };
    const before = call.options.before === true;
    const ask = mustAsk(session.io, call);
    if (call.options.dryRun || ask) {
      const preview = await session.client.rollBack({ params, body: { dryRun: true, before } });
      if (call.options.dryRun) {
        report(session, preview);
        exitCode = changed(preview) === 0 ? EXIT.ok : EXIT.differences;
        return;
      }
      session.io.err(planText(session, preview));
      if (changed(preview) > 0) await confirm(session.io, 'Change the configuration back?');
    }
    const done = await session.client.rollBack({ params, body: { before } });
    report(session, done);
    if (done.operationId !== null) await settle(session, done.operationId, call.options);
  });
  return exitCode;
}

function report(session: Session, answer: RolledBack): void {
  const ids = answer.changes.flatMap(({ id }) => id ?? []);
  print(session, { json: answer, ids, text: () => planText(session, answer) });
}

function planText(session: Session, answer: RolledBack): string {
  return `${textOf(session, answer)}${impactText(answer.impact, session.paint)}`;
}

function textOf({ paint }: Session, answer: Pick<RolledBack, 'changes' | 'summary'> & { dryRun?: boolean }): string {
  return `${changesText(answer, paint)}${revisedText(answer)}\n`;
}

function changed({ summary }: Pick<RolledBack, 'summary'>): number {
  return summary.created + summary.updated + summary.deleted;
}

/** The identifier that the text means. */
async function find(session: Session, text: string): Promise<string> {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return text;
  const [latest] = text === 'latest' ? (await session.client.listRevisions({ query: { limit: 1 } })).items : [];
  if (latest === undefined) throw notFound('revision', text);
  return latest.id;
}
