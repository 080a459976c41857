import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { PostgresServer, requiresPostgres } from '@evenkeel/testbed/postgres-server.ts';
import { network } from '../src/resources/addresses.ts';
import { Vault } from '../src/secrets/vault.ts';
import { openPostgres } from '../src/store/postgres/open.ts';
import { parsePostgresUrl } from '../src/store/postgres/settings.ts';
import { Store, type StoreOptions } from '../src/store/store.ts';
import { temporaryHome } from './home.ts';

/** Where a state is kept, over the life of several stores. */
export interface Place {
  /** Has the key of secrets, and the file of SQLite. */
  readonly home: string;
  /** The file of the key. */
  readonly key: string;
  /** The file of SQLite, or the URL of PostgreSQL. */
  readonly url: string;
  open(t: TestContext, more?: Partial<StoreOptions>): Promise<Store>;
}

/** A kind of store, to run the same tests over each. */
export interface StoreKind {
  readonly name: 'SQLite' | 'PostgreSQL';
  readonly skip: false | string;
  make(t: TestContext): Promise<Place>;
}

export function storeOptions(home: string, more: Partial<StoreOptions> = {}): StoreOptions {
  return {
    quotas: DEFAULT_QUOTAS,
    pools: { vip: network('127.77.0.0/29'), elasticIp: network('127.88.0.0/24') },
    now: Date.now,
    random: Math.random,
    secret: randomBytes,
    vault: new Vault(keyFile(home)),
    ...more,
  };
}

const keyFile = (home: string): string => join(home, 'credentials', 'secrets.key');

export const stateFile = (home: string): string => join(home, 'state', 'evenkeel.db');

export const SQLITE_KIND: StoreKind = {
  name: 'SQLite',
  skip: false,
  async make(t) {
    const home = temporaryHome(t);
    return {
      home,
      key: keyFile(home),
      url: stateFile(home),
      async open(test, more) {
        const store = await Store.open({ file: stateFile(home), ...storeOptions(home, more) });
        test.after(() => store.close().catch(() => {}));
        return store;
      },
    };
  },
};

export const POSTGRES_KIND: StoreKind = {
  name: 'PostgreSQL',
  skip: requiresPostgres(),
  async make(t) {
    const home = temporaryHome(t);
    const url = (await postgresServer()).createDatabase();
    return { home, key: keyFile(home), url, open: (test, more) => openOnPostgres(test, url, storeOptions(home, more)) };
  },
};

export const STORES: readonly StoreKind[] = [SQLITE_KIND, POSTGRES_KIND];

/** A store that leads, whoever led before. */
export async function openOnPostgres(t: TestContext, url: string, options: StoreOptions): Promise<Store> {
  const events = { changed: () => {}, waiting: () => {} };
  const opened = await openPostgres(parsePostgresUrl(url), options.vault, events);
  const store = new Store(options, opened);
  await opened.database.lead({ address: 'http://127.0.0.1:1', fingerprint: null }, 0, () => store.beginTerm());
  t.after(async () => {
    await store.close().catch(() => {});
    await opened.session.close();
  });
  return store;
}

let server: Promise<PostgresServer> | undefined;

/** One for all tests of a file; it stops when they have ended. */
export function postgresServer(): Promise<PostgresServer> {
  server ??= PostgresServer.start();
  return server;
}
after(async () => (await server)?.stop());
