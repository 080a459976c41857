import type { backupRoutes } from '@evenkeel/model/contract/backups.ts';
import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import { quotasOf } from '../access/quotas.ts';
import type { BackupRecord } from '../backup/archive.ts';
import type { Backups } from '../backup/backups.ts';
import type { BlockLists } from '../block-list/block-lists.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './call.ts';
import { paginate } from './paging.ts';

export type BackupName = keyof typeof backupRoutes;

export type BackupCalls = { readonly [K in BackupName]: (call: Call<K>) => Promise<ResponseOf<K>> };

/** The calls about backups: they are about files, so they answer when those are written and not with a transaction. */
export function createBackupCalls(backups: Backups, blockLists: BlockLists, store: Store): BackupCalls {
  const show = ({ createdAt, ...record }: BackupRecord) => ({
    ...record,
    file: backups.fileOf(record.id),
    createdAt: timeOf(createdAt),
  });
  const policy = async () => {
    const { lastSuccessAt, lastTestAt, ...rest } = await backups.policy();
    return { ...rest, lastSuccessAt: timeOrNull(lastSuccessAt), lastTestAt: timeOrNull(lastTestAt) };
  };
  return {
    listBackups: async ({ query }) => paginate(await backups.list(), query, ({ id }) => id, show),
    getBackup: async ({ params }) => show(await backups.get(params.backupId)),
    createBackup: async ({ body, audit }) => show(await backups.make(body.description ?? '', audit)),
    async deleteBackup({ params: { backupId }, audit }) {
      await backups.remove(backupId, audit(backupId));
      return { id: backupId };
    },
    verifyBackup: ({ params }) => backups.verify(params.backupId),
    restoreBackup({ params: { backupId }, body, caller, requestId, checkChanges: check, audit }) {
      const { dryRun = false, blockList = false } = body;
      const { actingIn: tenantId } = caller;
      if (blockList) {
        const most = quotasOf(store.quotas, store.state, tenantId).blockListEntries;
        const recorded = (added: number) => audit(`${backupId}: block list, ${added} more sources`);
        return backups.restoreBlockList(backupId, tenantId, blockLists, { most, dryRun, audit: recorded });
      }
      return backups.restore(backupId, dryRun, { actor: caller.id, author: caller, tenantId, requestId, check });
    },
    getBackupPolicy: policy,
    async updateBackupPolicy({ body, audit }) {
      await backups.changePolicy(body, [audit(JSON.stringify(body))]);
      return policy();
    },
  };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function timeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : timeOf(milliseconds);
}
