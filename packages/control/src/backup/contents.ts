import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vault } from '../secrets/vault.ts';
import type { State } from '../state/state.ts';
import { openDatabase } from '../store/open.ts';

/**
 * The configuration that a backup holds, also one of an earlier version: a copy in `folder` is brought up to date and
 * read, so the backup stays as it is. The folder is gone then. Rejects when it is not sound.
 */
export async function readBackup(file: string, folder: string, vault: Vault): Promise<State> {
  try {
    const copy = join(folder, 'state.db');
    await copyFile(file, copy);
    const { database, state } = await openDatabase(copy, vault, { thorough: true });
    await database.close();
    return state;
  } catch (error) {
    // What is said of a state that a control plane starts with does not help here: the reason behind it does.
    const { cause } = error as Error;
    throw cause instanceof Error ? cause : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
