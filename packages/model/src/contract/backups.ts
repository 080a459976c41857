import { Id } from '../identifiers.ts';
import {
  Backup,
  BackupCreate,
  BackupDeleted,
  BackupPolicy,
  BackupPolicyPatch,
  BackupRestore,
  BackupRestored,
  BackupVerified,
} from '../resources/backup.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, Page, type Route } from './route.ts';

const tags = ['backups'] as const;
const params = Type.Object({ backupId: Id('backup', 'Identifier of the backup.') });
const path = '/v1/backups/{backupId}';

export const backupRoutes = {
  listBackups: {
    method: 'GET',
    path: '/v1/backups',
    summary: 'List backups',
    tags,
    reach: 'all',
    query: ListQuery({}),
    status: 200,
    response: Page(Backup),
  },
  createBackup: {
    method: 'POST',
    path: '/v1/backups',
    summary: 'Make a backup',
    description:
      'Answers when the copy is on the disk and its checksum is known. Secrets in it are sealed: keep ' +
      '`credentials/secrets.key` apart from it, and safe.',
    tags,
    reach: 'all',
    role: 'admin',
    body: Ref(BackupCreate),
    status: 201,
    response: Ref(Backup),
  },
  getBackup: {
    method: 'GET',
    path,
    summary: 'Show a backup',
    tags,
    reach: 'all',
    params,
    status: 200,
    response: Ref(Backup),
  },
  deleteBackup: {
    method: 'DELETE',
    path,
    summary: 'Delete a backup',
    tags,
    reach: 'all',
    role: 'admin',
    params,
    status: 200,
    response: Ref(BackupDeleted),
  },
  verifyBackup: {
    method: 'POST',
    path: `${path}/verify`,
    summary: 'Try whether a backup could be restored',
    description:
      'Compares the checksum, restores a copy of the file into a scratch database, and reads every object in it; where the ' +
      'configuration has not changed since, each is compared with the one that is there.',
    tags,
    reach: 'all',
    role: 'admin',
    params,
    status: 200,
    response: Ref(BackupVerified),
  },
  restoreBackup: {
    method: 'POST',
    path: `${path}/restore`,
    summary: 'Make the configuration of a tenant what it was',
    description:
      'One change, whole or not at all: objects that are not in the backup are deleted, others are created again under ' +
      'their identifiers or changed back. It is about the tenant that the call acts in. Before it, a backup of what is there is made. Operations, nodes and the audit ' +
      'log are not turned back.',
    tags,
    reach: 'all',
    role: 'admin',
    params,
    body: Ref(BackupRestore),
    status: 200,
    response: Ref(BackupRestored),
  },
  getBackupPolicy: {
    method: 'GET',
    path: '/v1/backup-policy',
    summary: 'Show when backups are made by themselves',
    description:
      'The policy is in the state, so that whoever leads follows the same one; what was made and tested last is told by ' +
      'the control plane that leads, of the backups in its home.',
    tags,
    reach: 'all',
    status: 200,
    response: Ref(BackupPolicy),
  },
  updateBackupPolicy: {
    method: 'PATCH',
    path: '/v1/backup-policy',
    summary: 'Change when backups are made by themselves',
    tags,
    reach: 'all',
    role: 'admin',
    body: Ref(BackupPolicyPatch),
    status: 200,
    response: Ref(BackupPolicy),
  },
} as const satisfies Record<string, Route>;
