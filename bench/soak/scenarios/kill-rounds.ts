import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { network } from '@evenkeel/control/resources/addresses.ts';
import { Vault } from '@evenkeel/control/secrets/vault.ts';
import { openPostgres } from '@evenkeel/control/store/postgres/open.ts';
import { parsePostgresUrl } from '@evenkeel/control/store/postgres/settings.ts';
import { Store, type StoreOptions } from '@evenkeel/control/store/store.ts';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { PostgresServer, requiresPostgres } from '@evenkeel/testbed/postgres-server.ts';
import { type KillRounds, killRounds } from '../../../packages/control/test/kill-rounds.ts';
import type { Finding, Soak, SoakScenario } from '../soak.ts';

const LONG = 50;
const SHORT = 2;

/** The process that writes the state is killed at random moments, with each kind of store. */
export const killRoundsOfStores: SoakScenario = {
  name: 'kill-rounds',
  title:
    'kill -9 of the process that writes the state, in the middle of writes of 14 objects each, with SQLite and PostgreSQL',
  async run({ directory, short, say }: Soak): Promise<readonly Finding[]> {
    const rounds = short ? SHORT : LONG;
    const findings: Finding[] = [];
    const play = async (name: string, store: Omit<KillRounds, 'rounds' | 'random'>) => {
      say(`${name}: ${rounds} rounds`);
      let lost = 0;
      let detail = '';
      const acknowledged = await killRounds({ ...store, rounds, random: Math.random }).catch((error: Error) => {
        lost = 1;
        detail = error.message;
        return 0;
      });
      findings.push(
        {
          what: `${name}: acknowledged writes`,
          value: acknowledged,
          unit: '',
          limit: null,
          detail: `${rounds} rounds`,
        },
        { what: `${name}: rounds with a write lost, or half of one there`, value: lost, unit: '', limit: 0, detail },
      );
    };
    mkdirSync(join(directory, 'sqlite'));
    const [file, key] = [join(directory, 'sqlite', 'state.db'), join(directory, 'sqlite', 'key')];
    await play('SQLite', { place: file, key, open: () => Store.open({ file, ...storeOptions(key) }) });
    const missing = requiresPostgres();
    if (missing !== false) {
      say(`PostgreSQL: ${missing}`);
      return findings;
    }
    const server = await PostgresServer.start();
    try {
      const [url, ownKey] = [server.createDatabase(), join(directory, 'postgres.key')];
      await play('PostgreSQL', { place: url, key: ownKey, open: () => openOn(url, storeOptions(ownKey)) });
    } finally {
      await server.stop();
    }
    return findings;
  },
};

/** The key is read anew each time: the process that writes makes it. */
function storeOptions(key: string): StoreOptions {
  return {
    quotas: DEFAULT_QUOTAS,
    pools: { vip: network('127.64.0.0/12'), elasticIp: network('127.88.0.0/16') },
    now: Date.now,
    random: Math.random,
    secret: randomBytes,
    vault: new Vault(key),
  };
}

async function openOn(url: string, options: StoreOptions): Promise<Store> {
  const opened = await openPostgres(parsePostgresUrl(url), options.vault, { changed() {}, waiting() {} });
  await opened.session.close();
  return new Store(options, opened);
}
