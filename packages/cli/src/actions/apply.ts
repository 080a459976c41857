import type { ConfigurationResult } from '@evenkeel/model/resources/document.ts';
import type { Call } from '../commands/call.ts';
import { changesText, differs, summaryText } from '../document/changes.ts';
import { type DocumentEntry, readDocuments } from '../document/read.ts';
import { EXIT } from '../exit-codes.ts';
import { count } from '../output/text.ts';
import { sendDocuments } from './documents.ts';
import { confirm, mustAsk } from './remove.ts';
import { print, type Session, say, withSession } from './session.ts';
import { settle } from './settle.ts';

/** Resolves with the exit code. */
export async function apply(call: Call): Promise<number | undefined> {
  const { io, options } = call;
  const entries = await readDocuments(options.file as readonly string[], io);
  let exitCode: number = EXIT.ok;
  await withSession(call, async (session) => {
    if (options.dryRun) {
      const result = await send(session, entries, true);
      report(session, result);
      if (differs(result)) exitCode = EXIT.differences;
      return;
    }
    if (options.plan) return applyPlanned(session, call, entries);
    if (mustAsk(io, call)) await askAboutDeletions(session, entries);
    const result = await send(session, entries, false);
    report(session, result);
    const mayPend = differs(result) || options.wait !== false;
    if (result.operationId !== null && mayPend) await settle(session, result.operationId, options);
  });
  return exitCode;
}

/** A person at a terminal sees what would be deleted before it is. */
async function askAboutDeletions(session: Session, entries: readonly DocumentEntry[]): Promise<void> {
  const result = await send(session, entries, true);
  if (result.summary.deleted === 0) return;
  session.io.err(`${changesText(result, session.paint)}${summaryText(result)}\n`);
  await confirm(session.io, `This deletes ${count(result.summary.deleted, 'object')}.`);
}

function send(session: Session, entries: readonly DocumentEntry[], dryRun: boolean): Promise<ConfigurationResult> {
  return sendDocuments(entries, (documents) => session.client.applyConfiguration({ body: { dryRun, ...documents } }));
}

/** Shows what it would touch, and does exactly that: nothing that has come up since. */
async function applyPlanned(session: Session, call: Call, entries: readonly DocumentEntry[]): Promise<void> {
  const { applyPlan, planText } = await import('./change-set.ts');
  const plan = await sendDocuments(entries, (documents) => session.client.createChangeSet({ body: documents }));
  if (!mustAsk(session.io, call)) say(session, planText(session, plan).trimEnd());
  await applyPlan(session, call, plan);
}

function report(session: Session, result: ConfigurationResult): void {
  print(session, {
    json: result,
    ids: result.changes.flatMap(({ action, id }) => (action === 'unchanged' || id === null ? [] : [id])),
    text: () => `${changesText(result, session.paint)}${summaryText(result)}\n`,
  });
}
