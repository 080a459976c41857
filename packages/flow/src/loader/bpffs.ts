import { mkdirSync, statfsSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import koffi from 'koffi';
import { lastError } from './libbpf.ts';

/** What statfs(2) says of a BPF file system. */
const BPF_FS_MAGIC = 0xcafe_4a11;

/**
 * Makes sure that `folder` (as a rule /sys/fs/bpf) is a BPF file system, the only kind on which maps, programs and links
 * can be pinned. Many systems do not mount one at boot.
 */
export function ensureBpfFileSystem(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (statfsSync(folder).type === BPF_FS_MAGIC) return;
  const mount = koffi
    .load(null)
    .func('int mount(const char *, const char *, const char *, uint64_t, const char *)') as (
    ...args: [string, string, string, number, string]
  ) => number;
  if (mount('bpf', folder, 'bpf', 0, 'mode=0700') < 0) {
    throw new Error(`mounting a BPF file system on ${folder}: ${getSystemErrorMessage(-lastError())}`);
  }
}
