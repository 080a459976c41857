import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { inputName, readTextFile } from '../input-file.ts';

/** Bytes of a file with a passphrase in its first line. */
const LARGEST_FILE = 4_096;

/** The first line of the file that `--passphrase-file` names; null: none is named. Never an argument: whoever lists the processes sees those. */
export async function readPassphrase({ io, options }: Call): Promise<string | null> {
  const { passphraseFile: path } = options as { passphraseFile?: string };
  if (path === undefined) return null;
  const [line = ''] = (await readTextFile(path, io, LARGEST_FILE)).split(/\r?\n/, 1);
  if (line === '') throw new CliFailure(EXIT.usage, `${inputName(path)} has no passphrase in its first line.`);
  return line;
}
