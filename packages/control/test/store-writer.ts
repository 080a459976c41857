import { randomBytes } from 'node:crypto';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { createFromDocument } from '../src/configuration/apply.ts';
import { network } from '../src/resources/addresses.ts';
import { Vault } from '../src/secrets/vault.ts';
import type { Draft } from '../src/state/draft.ts';
import { openPostgres } from '../src/store/postgres/open.ts';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { Store, type StoreOptions } from '../src/store/store.ts';

/**
 * A process that writes until it is killed, several writes at a time: each creates two load balancers with everything in
 * them, named by a number. It says each number when the write was acknowledged. Arguments: a file of SQLite or a URL of
 * PostgreSQL, the file of the key, and the first number.
 */
const [place, key, first] = process.argv.slice(2) as [string, string, string];
const options: StoreOptions = {
  quotas: { ...DEFAULT_QUOTAS, loadBalancers: 60_000 },
  pools: { vip: network('127.64.0.0/12'), elasticIp: network('127.88.0.0/16') },
  now: Date.now,
  random: Math.random,
  secret: randomBytes,
  vault: new Vault(key),
};
const store = await openStore();
process.stdout.write('open\n');

async function openStore(): Promise<Store> {
  if (!place.startsWith('postgres:')) return Store.open({ file: place, ...options });
  const opened = await openPostgres(parsePostgresUrl(place), options.vault, { changed() {}, waiting() {} });
  const written = new Store(options, opened);
  const own = { address: 'http://127.0.0.1:1', fingerprint: null };
  await opened.database.lead(own, Date.now(), () => written.beginTerm());
  return written;
}

const create = (name: string) => (draft: Draft) =>
  ['a', 'b'].map((half) =>
    createFromDocument(draft, {
      name: `${name}-${half}`,
      listeners: [
        {
          protocol: 'http',
          port: 80,
          service: { targets: [1, 2, 3].map((i) => ({ address: `10.0.0.${i}`, port: 80 })) },
        },
      ],
    }),
  );

const write = async (number: number) => {
  await store.write({ action: 'test', actor: 'writer', requestId: '', run: create(`n${number}`) });
  process.stdout.write(`${number}\n`);
};
for (let number = Number(first); ; number += 4) await Promise.all([0, 1, 2, 3].map((i) => write(number + i)));
