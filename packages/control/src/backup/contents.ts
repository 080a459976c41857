import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Vault } from '../secrets/vault.ts';
import type { State } from '../state/state.ts';
import { openDatabase } from '../store/open.ts';
import type { Database } from '../store/schema.ts';

/** What a backup holds. */
export interface BackupContents {
  readonly state: State;
  /** All that is not in the state; open as long as it is used. */
  readonly db: Kysely<Database>;
}

/** The configuration that a backup holds; see `useBackup`. */
export function readBackup(file: string, folder: string, vault: Vault): Promise<State> {
  return useBackup(file, folder, vault, async ({ state }) => state);
}

/**
 * Opens what a backup holds, also one of an earlier version: a copy in `folder` is brought up to date and read, so the
 * backup stays as it is. The folder is gone then. Rejects when it is not sound, and with what `use` rejects with.
 */
export async function useBackup<T>(
  file: string,
  folder: string,
  vault: Vault,
  use: (contents: BackupContents) => Promise<T>,
): Promise<T> {
  try {
    const copy = join(folder, 'state.db');
    await copyFile(file, copy);
    const { database, state } = await openDatabase(copy, vault, { thorough: true }).catch((error) => {
      // What is said of a state that a control plane starts with does not help here: the reason behind it does.
      const { cause } = error as Error;
      throw cause instanceof Error ? cause : error;
    });
    try {
      return await use({ state, db: database.db });
    } finally {
      await database.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
