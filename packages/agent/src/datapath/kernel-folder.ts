import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureBpfFileSystem } from '@evenkeel/flow/loader/bpffs.ts';
import type { Logger } from 'pino';
import { EMPTY_RECORD, type KernelRecord, readRecord } from './kernel-record.ts';

/**
 * Makes the folder for what is pinned, if it is not there. Returns what is on record of it: without a record, nothing of
 * it is of use, and it is begun anew.
 */
export function openFolder(folder: string, recordFile: string, log: Logger): { record: KernelRecord; isNew: boolean } {
  ensureBpfFileSystem(dirname(folder));
  const record = readRecord(recordFile);
  if (record === null && existsSync(folder)) {
    log.warn({ folder }, 'what is in the kernel has no record that can be read: beginning anew');
    rmSync(folder, { recursive: true }); // without its pins everything is detached
  }
  const isNew = !existsSync(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { record: isNew || record === null ? EMPTY_RECORD : record, isNew };
}
