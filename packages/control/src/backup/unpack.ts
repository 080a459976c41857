import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Vault } from '../secrets/vault.ts';
import { StartError } from '../start-error.ts';
import { parsePostgresUrl } from '../store/postgres/settings.ts';
import { restoreIntoPostgres } from './into-postgres.ts';

/**
 * What `evenkeel backup unpack --database` has a control plane do in place of starting: `--home` has the key of the backup
 * `--file`, and EVENKEEL_DATABASE is the URL. Prints what came of it as a line of JSON, and what failed when that was done
 * already on the other stream. Rejects with a StartError.
 */
export async function unpack(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const { file, home } = parseArgs({
    args: [...args],
    options: { file: { type: 'string' }, home: { type: 'string' } },
  }).values;
  const url = environment['EVENKEEL_DATABASE'];
  if (file === undefined || home === undefined || url === undefined)
    throw new StartError('unpack needs --file, --home and EVENKEEL_DATABASE');
  const database = parsePostgresUrl(url);
  const vault = new Vault(join(home, 'credentials', 'secrets.key'));
  const scratch = mkdtempSync(join(home, 'unpacking-'));
  const { objects, leftover } = await restoreIntoPostgres({ file, scratch, vault, database, now: Date.now });
  process.stdout.write(`${JSON.stringify({ event: 'unpacked', database: database.name, objects })}\n`);
  if (leftover !== null) process.stderr.write(`evenkeel: ${scratch} may be left, and can be deleted (${leftover})\n`);
}
