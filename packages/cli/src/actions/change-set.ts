import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type {
  ChangeSet,
  ChangeSetApplied,
  ChangeSetCreate,
  ChangeSetHead,
} from '@evenkeel/model/resources/change-set.ts';
import type { Call } from '../commands/call.ts';
import { readChanges } from '../document/change-file.ts';
import { changesText, revisedText } from '../document/changes.ts';
import { impactText } from '../document/impact.ts';
import { readDocuments } from '../document/read.ts';
import { EXIT } from '../exit-codes.ts';
import type { Column } from '../output/table.ts';
import { sendDocuments } from './documents.ts';
import { isIdOf, notFound } from './reference.ts';
import { confirm, mustAsk } from './remove.ts';
import { print, printList, printOne, type Session, withSession } from './session.ts';
import { settle } from './settle.ts';

const COLUMNS: readonly Column<ChangeSetHead>[] = [
  { head: 'ID', of: ({ id }) => id },
  { head: 'STATUS', of: ({ status }) => status },
  { head: 'PLANNED ON', of: ({ generation }) => generation },
  { head: 'CHANGES', of: ({ summary }) => `+${summary.created} ~${summary.updated} -${summary.deleted}` },
  { head: 'BY', of: ({ actor }) => actor },
  { head: 'EXPIRES', of: ({ expiresAt }) => expiresAt },
  { head: 'DESCRIPTION', of: ({ description }) => description },
];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const all = await Array.fromAsync(items(session.client.listChangeSets, { query: { limit: PAGE.maximum } }));
    printList(session, all, COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const shown = await session.client.getChangeSet({ params: paramsOf(call) });
    printOne(session, shown, () => `${planText(session, shown)}${nextText(shown)}`);
  });
}

/** Plans what files say. Resolves with the exit code. */
export async function planFiles(call: Call): Promise<number> {
  const entries = await readDocuments(call.options.file as readonly string[], call.io);
  const { description } = call.options;
  return planned(call, (session) =>
    sendDocuments(entries, (documents) => {
      const body = { ...documents, ...(description !== undefined && { description }) };
      return session.client.createChangeSet({ body: body as ChangeSetCreate });
    }),
  );
}

export async function create(call: Call): Promise<number> {
  const body = await readChanges(call.options.file as string, call.io);
  return planned(call, (session) => session.client.createChangeSet({ body: body as ChangeSetCreate }));
}

export function replan(call: Call): Promise<number> {
  return planned(call, (session) => session.client.planChangeSet({ params: paramsOf(call) }));
}

export function apply(call: Call) {
  return withSession(call, async (session) => {
    const params = paramsOf(call);
    const shown = await session.client.getChangeSet({ params });
    await applyPlan(session, call, shown);
  });
}

/** Applies the plan that was shown, and no other; on a terminal, after a question. */
export async function applyPlan(session: Session, call: Call, shown: ChangeSet): Promise<void> {
  if (shown.status !== 'applied' && mustAsk(session.io, call)) {
    session.io.err(planText(session, shown));
    await confirm(session.io, 'Do this?');
  }
  const params = { changeSetId: shown.id };
  const done = await session.client.applyChangeSet({ params, ifMatch: `"${shown.generation}"` });
  printOne(session, done, () => doneText(shown, done));
  await settle(session, done.operationId, call.options);
}

export function remove(call: Call) {
  return withSession(call, async (session) => {
    const deleted = await session.client.deleteChangeSet({ params: paramsOf(call) });
    printOne(session, deleted, () => `Change set ${deleted.id} is forgotten.\n`);
  });
}

/** Shows a plan that was just made; one that would change nothing is not kept. */
async function planned(call: Call, plan: (session: Session) => Promise<ChangeSet>): Promise<number> {
  let exitCode: number = EXIT.ok;
  await withSession(call, async (session) => {
    const made = await plan(session);
    const isEmpty = changed(made) === 0;
    if (isEmpty) await session.client.deleteChangeSet({ params: { changeSetId: made.id } });
    else exitCode = EXIT.differences;
    print(session, {
      json: made,
      ids: isEmpty ? [] : [made.id],
      text: () => `${planText(session, made)}${isEmpty ? '' : nextText(made)}`,
    });
  });
  return exitCode;
}

export function planText({ paint }: Session, { changes, summary, impact }: ChangeSet): string {
  const text = `${changesText({ changes }, paint)}${revisedText({ summary, dryRun: true })}\n`;
  return `${text}${impactText(impact, paint)}`;
}

function nextText({ id, status, expiresAt, appliedGeneration }: ChangeSet): string {
  switch (status) {
    case 'planned':
      return `"evenkeel change-set apply ${id}" does exactly this, until ${expiresAt}.\n`;
    case 'expired':
      return `The plan expired at ${expiresAt}: "evenkeel change-set plan ${id}" makes it anew.\n`;
    case 'applied':
      return `Applied as generation ${appliedGeneration}.\n`;
  }
}

function doneText({ summary }: ChangeSet, { id, generation, created }: ChangeSetApplied): string {
  const lines = created.map(({ ref, kind, name, id: made }) => `  ${ref}: ${kind} ${name} (${made})\n`);
  return `Change set ${id} applied as generation ${generation}: ${revisedText({ summary })}\n${lines.join('')}`;
}

function changed({ summary }: ChangeSet): number {
  return summary.created + summary.updated + summary.deleted;
}

function paramsOf(call: Call): { changeSetId: string } {
  const [text] = call.args as readonly [string];
  if (!isIdOf('changeSet', text)) throw notFound('change set', text);
  return { changeSetId: text };
}
