import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { idPattern } from '@evenkeel/model/id-kinds.ts';
import type { BackupReason } from '@evenkeel/model/resources/backup.ts';

/** What stands beside the file of a backup. Times are Unix milliseconds. */
export interface BackupRecord {
  readonly id: string;
  readonly description: string;
  readonly reason: BackupReason;
  readonly configurationGeneration: number;
  readonly version: string;
  readonly size: number;
  readonly sha256: string;
  readonly createdAt: number;
}

const ID = idPattern('backup').slice(1, -1);
const NAME = new RegExp(`^${ID}\\.json$`);
/** Files of a backup, and folders of `temporary`. */
const LEFT = new RegExp(`^(${ID}\\.(?:db|db-journal|db-wal|db-shm|json\\.new)|reading-.*)$`);

/**
 * A folder of backups: of each the copy (`<id>.db`) and what is known of it (`<id>.json`). The latter is written last and
 * deleted first, so a copy that was not finished, or not deleted, is no backup.
 */
export class BackupArchive {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  fileOf(id: string): string {
    return join(this.#folder, `${id}.db`);
  }

  /** Deletes what a process that was killed has left of backups that it had not finished, or had begun to delete. */
  async sweep(): Promise<void> {
    const known = new Set((await this.list()).map(({ id }) => id));
    for (const name of await this.#names()) {
      if (LEFT.test(name) && !known.has(name.replace(/\.db$/, ''))) {
        await rm(join(this.#folder, name), { recursive: true, force: true });
      }
    }
  }

  /** A folder for what is needed for a moment; `sweep` deletes it, if nobody else does. */
  async temporary(): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return mkdtemp(join(this.#folder, 'reading-'));
  }

  /** In order of their making. */
  async list(): Promise<BackupRecord[]> {
    const names = await this.#names();
    const records = await Promise.all(names.filter((name) => NAME.test(name)).map((name) => this.#read(name)));
    return records.filter((record) => record !== null).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Null when there is none of this name. */
  get(id: string): Promise<BackupRecord | null> {
    return this.#read(`${id}.json`);
  }

  /**
   * Has the copy written by `copy` to a path in the folder, and keeps it when it is on the disk, and `announce` has said
   * that it will be there. Nothing is left of one that fails.
   */
  async add(
    about: Omit<BackupRecord, 'size' | 'sha256'>,
    copy: (path: string) => Promise<void>,
    announce: () => Promise<void> = async () => {},
  ): Promise<BackupRecord> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.fileOf(about.id);
    try {
      await copy(path);
      await synchronize(path);
      const record = { ...about, size: (await stat(path)).size, sha256: await checksumOf(path) };
      // Read again, now that it is on the disk.
      if ((await checksumOf(path)) !== record.sha256) throw new Error('what was read back is not what was written');
      await announce();
      const description = join(this.#folder, `${about.id}.json`);
      await writeDurably(description, `${JSON.stringify(record, null, 2)}\n`);
      await synchronize(this.#folder);
      return record;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.#folder, `${id}.json`), { force: true });
    await rm(this.fileOf(id), { force: true });
    await synchronize(this.#folder);
  }

  #names(): Promise<string[]> {
    return readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }

  async #read(name: string): Promise<BackupRecord | null> {
    try {
      return JSON.parse(await readFile(join(this.#folder, name), 'utf8')) as BackupRecord;
    } catch (error) {
      // Deleted meanwhile, or torn by something that is not ours: it is no backup.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

/** SHA-256 in hexadecimal digits. */
export async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Writes a file whole or not at all. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const begun = `${path}.new`;
  const file = await open(begun, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(begun, path);
}

async function synchronize(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
