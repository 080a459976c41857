import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { readTextFile } from '../input-file.ts';
import { painter } from '../output/colour.ts';
import { type Column, table } from '../output/table.ts';
import { originOf } from './connection.ts';
import { type Profile, profilesFile, readProfiles, writeProfiles } from './profiles.ts';

/** Bytes of a secret, with a line end to spare. */
const SECRET = 4_096;

interface Listed {
  readonly name: string;
  readonly url: string;
  readonly by: string;
  readonly tenant: string | null;
}

const COLUMNS: readonly Column<Listed>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'URL', of: ({ url }) => url },
  { head: 'BY', of: ({ by }) => by },
  { head: 'TENANT', of: ({ tenant }) => tenant },
];

export async function list({ io, common }: Call): Promise<undefined> {
  const listed = Array.from(readProfiles(io.env), ([name, { url, accessKeyId, tenant }]): Listed => {
    return { name, url, by: accessKeyId ?? 'token', tenant: tenant ?? null };
  });
  if (common.json) io.out(`${JSON.stringify(listed, null, 2)}\n`);
  else if (common.quiet) io.out(listed.map(({ name }) => `${name}\n`).join(''));
  else io.out(table(COLUMNS, listed, painter(io)));
  return undefined;
}

export async function save({ io, common, args, options }: Call): Promise<undefined> {
  const name = args[0] as string;
  const url = originOf(common.url || io.env['EVENKEEL_URL']);
  if (url === undefined) throw new CliFailure(EXIT.usage, 'say where the control plane is: --url.');
  const { tenant, ca, fingerprint } = common;
  const rest = { ...(tenant && { tenant }), ...(ca && { ca }), ...(fingerprint && { fingerprint }) };
  const profile: Profile = { url, ...(await credentialOf({ io, common, options })), ...rest };
  writeProfiles(new Map([...readProfiles(io.env), [name, profile]]), io.env);
  io.out(`Profile ${name} saved in ${profilesFile(io.env)}.\n`);
  return undefined;
}

export async function remove({ io, args }: Call): Promise<undefined> {
  const name = args[0] as string;
  const profiles = new Map(readProfiles(io.env));
  if (!profiles.delete(name)) throw new CliFailure(EXIT.notFound, `there is no profile "${name}".`);
  writeProfiles(profiles, io.env);
  io.out(`Profile ${name} deleted.\n`);
  return undefined;
}

async function credentialOf({ io, common, options }: Pick<Call, 'io' | 'common' | 'options'>) {
  const accessKeyId = options['accessKey'] as string | undefined;
  const token = common.token || io.env['EVENKEEL_TOKEN'];
  if (accessKeyId !== undefined && common.token) {
    throw new CliFailure(EXIT.usage, 'give --token or --access-key, not both.');
  }
  if (accessKeyId === undefined) {
    if (token) return { token };
    throw new CliFailure(EXIT.usage, 'say what it is reached by: --access-key, or --token.');
  }
  const given = io.env['EVENKEEL_ACCESS_KEY_SECRET'] || (await readTextFile('-', io, SECRET));
  const accessKeySecret = given.trim();
  if (accessKeySecret === '') throw new CliFailure(EXIT.usage, 'the secret of the access key is empty.');
  return { accessKeyId, accessKeySecret };
}
