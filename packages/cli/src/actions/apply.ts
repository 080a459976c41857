import { ApiError } from '@evenkeel/client/errors.ts';
import type { ConfigurationDocument, ConfigurationResult } from '@evenkeel/model/resources/document.ts';
import type { Call } from '../commands/call.ts';
import { changesText, differs, summaryText } from '../document/changes.ts';
import { problemInFiles } from '../document/problem.ts';
import { type DocumentEntry, readDocuments } from '../document/read.ts';
import { EXIT } from '../exit-codes.ts';
import { count } from '../output/text.ts';
import { confirm, mustAsk } from './remove.ts';
import { print, type Session, withSession } from './session.ts';
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

async function send(
  session: Session,
  entries: readonly DocumentEntry[],
  dryRun: boolean,
): Promise<ConfigurationResult> {
  const valuesOf = (wanted: DocumentEntry['list']) =>
    entries.filter(({ list }) => list === wanted).map(({ value }) => value);
  const groups = valuesOf('securityGroups');
  const body = {
    dryRun,
    ...(groups.length > 0 && { securityGroups: groups }),
    loadBalancers: valuesOf('loadBalancers'),
  } as ConfigurationDocument;
  try {
    return await session.client.applyConfiguration({ body });
  } catch (error) {
    if (error instanceof ApiError && error.problem.errors) throw problemInFiles(error, entries);
    throw error;
  }
}

function report(session: Session, result: ConfigurationResult): void {
  print(session, {
    json: result,
    ids: result.changes.flatMap(({ action, id }) => (action === 'unchanged' || id === null ? [] : [id])),
    text: () => `${changesText(result, session.paint)}${summaryText(result)}\n`,
  });
}
