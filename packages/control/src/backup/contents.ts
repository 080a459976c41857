import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Vault } from '../secrets/vault.ts';
import type { State } from '../state/state.ts';
import { openDatabase } from '../store/open.ts';

/**
 * The configuration that a backup holds, also one of an earlier version: a copy is brought up to date and read, so the
 * backup stays as it is. Rejects with a StartError when it is not sound.
 */
export async function readBackup(file: string, vault: Vault): Promise<State> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-backup-'));
  try {
    const copy = join(folder, 'state.db');
    await copyFile(file, copy);
    const { sqlite, state } = await openDatabase(copy, vault);
    sqlite.close();
    return state;
  } finally {
    await rm(folder, { recursive: true });
  }
}
