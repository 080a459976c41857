import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { openPostgres } from '../store/postgres/open.ts';
import type { PostgresSettings } from '../store/postgres/settings.ts';
import { Store, type StoreOptions } from '../store/store.ts';
import { Leadership } from './leadership.ts';

/**
 * Opens a state that other control planes may use as well, and hands it to `start` with what decides who of them writes.
 * Rejects with a StartError, or as `start` does; nothing is left open then.
 */
export async function openShared<T>(
  settings: PostgresSettings,
  home: string,
  options: StoreOptions,
  logger: Logger,
  start: (shared: { readonly store: Store; readonly leadership: Leadership }) => Promise<T>,
): Promise<T> {
  let leadership: Leadership | undefined;
  const opened = await openPostgres(settings, options.vault, {
    changed: () => leadership?.wake(),
    waiting: () => logger.info('waits for the control plane that leads: it has an earlier version'),
    async upgrading(copyTo) {
      const copy = join(home, 'state', 'before-upgrade.db');
      await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
      await rm(copy, { force: true });
      await copyTo(copy);
      logger.info({ copy }, 'the tables are brought up to date; they were copied before');
    },
  });
  const store = new Store({ ...options, superseded: () => leadership?.stepDown() }, opened);
  leadership = new Leadership({
    settings,
    database: opened.database,
    session: opened.session,
    now: options.now,
    follow: () => store.follow(),
    warn: (error, message) => logger.warn({ err: error }, message),
  });
  try {
    return await start({ store, leadership });
  } catch (error) {
    await leadership.close();
    await store.close();
    throw error;
  }
}
