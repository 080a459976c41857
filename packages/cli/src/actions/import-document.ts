import type { ConfigurationImported, ConflictChoice, ImportConflict } from '@evenkeel/model/resources/exchange.ts';
import type { Call } from '../commands/call.ts';
import { changesText, differs, summaryText } from '../document/changes.ts';
import { type DocumentEntry, readDocuments } from '../document/read.ts';
import { EXIT } from '../exit-codes.ts';
import { wordsOf } from '../explain.ts';
import { CliFailure } from '../failure.ts';
import { oneLine } from '../output/text.ts';
import { sendDocuments } from './documents.ts';
import { readPassphrase } from './passphrase.ts';
import { print, type Session, withSession } from './session.ts';
import { settle } from './settle.ts';

/** Takes in a document of another installation. Resolves with the exit code. */
export async function importDocument(call: Call): Promise<number> {
  const { io, options, args } = call;
  if (args[0] !== undefined) throw new CliFailure(EXIT.usage, 'give another balancer and its file, or -f, not both.');
  const entries = await readDocuments(options.file as readonly string[], io);
  const passphrase = await readPassphrase(call);
  const sealed = sealedIn(entries);
  if (passphrase !== null && sealed === null)
    throw new CliFailure(EXIT.usage, 'there is nothing sealed in what is imported.');
  let exitCode: number = EXIT.ok;
  await withSession(call, async (session) => {
    const dryRun = options.dryRun === true;
    const result = await sendDocuments(entries, (documents) =>
      session.client.importConfiguration({
        body: {
          dryRun,
          onConflict: options.onConflict as ConflictChoice,
          newAddresses: options.newAddresses === true,
          ...documents,
          ...(sealed !== null && passphrase !== null && { sealed, passphrase }),
        },
      }),
    );
    report(session, result);
    if (dryRun) exitCode = differs(result) || result.conflicts.length > 0 ? EXIT.differences : EXIT.ok;
    else if (result.operationId !== null && differs(result)) await settle(session, result.operationId, options);
  });
  return exitCode;
}

function sealedIn(entries: readonly DocumentEntry[]): string | null {
  const [first, second] = entries.filter(({ list }) => list === 'sealed');
  if (first === undefined) return null;
  if (second !== undefined) {
    throw new CliFailure(EXIT.usage, `${second.place.line}: one sealed export at a time can be imported.`);
  }
  return String(first.value);
}

function report(session: Session, result: ConfigurationImported): void {
  print(session, {
    json: result,
    ids: result.changes.flatMap(({ action, id }) => (action === 'unchanged' || id === null ? [] : [id])),
    text: () =>
      `${result.conflicts.map(conflictText).join('')}${changesText(result, session.paint)}${summaryText(result)}\n`,
  });
}

function conflictText({ kind, name, id, differs, renamedTo }: ImportConflict): string {
  const becomes = renamedTo === null ? '' : `, imported as ${oneLine(renamedTo)}`;
  const fields = differs.map((field) => `    ${oneLine(field)}\n`).join('');
  return `! ${wordsOf(kind)} ${oneLine(name)} is there (${id}) and differs${becomes}:\n${fields}`;
}
