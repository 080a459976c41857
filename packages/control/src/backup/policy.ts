import { readFile } from 'node:fs/promises';
import { BACKUP } from '@evenkeel/model/limits.ts';
import type { BackupPolicyPatch } from '@evenkeel/model/resources/backup.ts';
import { writeDurably } from './archive.ts';

export interface BackupRules {
  readonly enabled: boolean;
  readonly intervalHours: number;
  readonly keep: number;
  /** 0: no restore tests. */
  readonly testIntervalHours: number;
}

const DEFAULTS: BackupRules = {
  enabled: true,
  intervalHours: BACKUP.intervalHours.default,
  keep: BACKUP.keep.default,
  testIntervalHours: BACKUP.testIntervalHours.default,
};

/** When backups are made by themselves; in a file, so that a restore does not turn it back. */
export class BackupPolicyFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<BackupRules> {
    try {
      return { ...DEFAULTS, ...(JSON.parse(await readFile(this.#path, 'utf8')) as Partial<BackupRules>) };
    } catch (error) {
      // Torn by something that is not ours: the defaults are better than no backups.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return DEFAULTS;
      throw error;
    }
  }

  async change(patch: BackupPolicyPatch): Promise<BackupRules> {
    const changed = { ...(await this.read()), ...patch };
    await writeDurably(this.#path, `${JSON.stringify(changed, null, 2)}\n`);
    return changed;
  }
}
