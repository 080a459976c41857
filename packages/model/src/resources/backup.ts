import { Id } from '../identifiers.ts';
import { BACKUP } from '../limits.ts';
import { Count, Input, Nullable, Output, Patch, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { OperationId } from './attributes.ts';
import { RESOURCE_KINDS } from './operation.ts';

export const BACKUP_REASONS = ['manual', 'policy', 'before-restore'] as const;
export type BackupReason = (typeof BACKUP_REASONS)[number];

const description = Type.String({ maxLength: 256, default: '', description: 'What it is for.' });

/** A copy of the whole state, in a file of its own beside it. */
export const Backup = Output('Backup', {
  id: Id('backup', 'Identifier of the backup.'),
  description,
  reason: Words(
    BACKUP_REASONS,
    '`manual`: somebody asked for it; `policy`: made by the policy; `before-restore`: what a restore has replaced.',
  ),
  configurationGeneration: Type.Integer({ description: 'The generation of the configuration that it holds.' }),
  version: Type.String({ description: 'The version of Evenkeel that made it.' }),
  size: Type.Integer({ description: 'Bytes of the file.' }),
  sha256: Type.String({ description: 'Checksum of the file, in hexadecimal digits.' }),
  file: Type.String({ description: 'Where the file is on the host of the control plane.' }),
  createdAt: Timestamp('When it was made.'),
});
export type Backup = Static<typeof Backup>;

export const BackupCreate = Input('BackupCreate', { description: Type.Optional(description) });
export type BackupCreate = Static<typeof BackupCreate>;

export const BackupDeleted = Output('BackupDeleted', { id: Id('backup', 'The backup that is gone.') });

export const BackupVerified = Output('BackupVerified', {
  id: Id('backup', 'The backup.'),
  sound: Type.Boolean({ description: 'Whether it could be restored: checksum, file and every object are right.' }),
  detail: Type.String({ description: 'What is wrong, in words; empty when nothing is.' }),
  objects: Type.Integer({ description: 'How many objects it holds; 0 when they cannot be read.' }),
});
export type BackupVerified = Static<typeof BackupVerified>;

export const BackupRestore = Input('BackupRestore', {
  dryRun: Type.Optional(
    Type.Boolean({ default: false, description: 'Answer with what would change, and change nothing.' }),
  ),
  blockList: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'The block list of the tenant, in place of its configuration: what the backup blocks and lets through again is ' +
        'put on top of the list that there is. What was blocked since stays blocked.',
    }),
  ),
});
export type BackupRestore = Static<typeof BackupRestore>;

const count = Type.Integer({ minimum: 0 });

export const RestoredObject = Output('RestoredObject', {
  action: Words(['created', 'updated', 'deleted'], 'What becomes of the object as it is now.'),
  kind: Words(RESOURCE_KINDS, 'Kind of resource.'),
  id: Type.String({ description: 'Identifier.' }),
  name: Type.String({ description: 'Name.' }),
});

export const BackupRestored = Output('BackupRestored', {
  id: Id('backup', 'The backup that was restored.'),
  dryRun: Type.Boolean(),
  generation: Type.Integer({ description: 'The generation of the configuration after this call.' }),
  operationId: Nullable(OperationId),
  summary: Type.Object({ created: count, updated: count, deleted: count }),
  changes: Type.Array(Ref(RestoredObject), { description: `What changes; the first ${BACKUP.changes}.` }),
  replaced: Nullable(Id('backup', 'A backup of what was there before; null for a dry run.')),
  blocked: Nullable(
    Type.Integer({
      description: 'Entries that the block list has more, or may have more; null: it was not asked for.',
    }),
  ),
});
export type BackupRestored = Static<typeof BackupRestored>;

const policy = {
  enabled: Type.Boolean({ default: true, description: 'Whether backups are made by themselves.' }),
  intervalHours: Count(BACKUP.intervalHours, 'Hours from one to the next; one that was missed is made at once.'),
  keep: Count(BACKUP.keep, 'How many of those made by the policy are kept; older ones are deleted.'),
  testIntervalHours: Count(
    BACKUP.testIntervalHours,
    'Hours from one restore test to the next: the backup that is made then is restored into a scratch database, and ' +
      'compared with the state. 0: none.',
  ),
};

export const BackupPolicy = Output('BackupPolicy', {
  ...policy,
  lastSuccessAt: Nullable(Timestamp('When the last one was made; null: none yet.')),
  lastError: Nullable(Type.String({ description: 'Why the last attempt failed; null: it did not.' })),
  lastTestAt: Nullable(Timestamp('When the last restore test was; null: none yet.')),
  lastTestError: Nullable(Type.String({ description: 'Why it failed; null: it did not.' })),
});
export type BackupPolicy = Static<typeof BackupPolicy>;

export const BackupPolicyPatch = Patch('BackupPolicyPatch', policy);
export type BackupPolicyPatch = Static<typeof BackupPolicyPatch>;
