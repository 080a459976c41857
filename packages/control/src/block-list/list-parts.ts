import { EntryWriter } from '@evenkeel/model/block-list/entries.ts';
import type { NetworkKey } from '@evenkeel/model/block-list/network-key.ts';
import { GONE } from '@evenkeel/model/block-list/prefix-table.ts';
import { PART_BYTES } from '@evenkeel/model/plan/block-list.ts';
import { refuseField } from '../problem.ts';
import type { BlockListChange } from './persistence.ts';
import type { TenantList } from './tenant-list.ts';

/** A change that has no place among the others yet. */
export type ListPart = Omit<BlockListChange, 'version' | 'nonce'>;

/** What is to be put into a list, with seconds since 1970 until when. */
export interface NewEntry {
  readonly network: NetworkKey;
  readonly until: number;
  readonly reason: string;
  /** Where the call has its reason. */
  readonly field: string;
}

/** Bytes of the smaller kind of entries. */
export const IPV4_ENTRY = 10;

/** Packs entries by their reasons. Refuses the field of the first that would be one reason more than `most`. */
export function additions(
  tenantId: string,
  list: TenantList | undefined,
  entries: readonly NewEntry[],
  most: number,
  now: number,
): ListPart[] {
  if ((list?.reasons ?? 0) + entries.length > most) list?.forgetReasons(now);
  const byReason = Map.groupBy(entries, ({ reason }) => reason);
  const isNew = (reason: string) => list?.hasReason(reason) !== true;
  const added = byReason.keys().filter(isNew).toArray().length;
  if ((list?.reasons ?? 0) + added > most) {
    const { field } = entries.find(({ reason }) => isNew(reason))!;
    refuseField('validation-failed', field, `there are ${most} different ones at most`);
  }
  return Array.from(byReason, ([reason, own]) => {
    const writer = new EntryWriter();
    for (const { network, until } of own) writer.add(network.key, network.length, until);
    return { tenantId, reason, entries: writer.take() };
  });
}

/** Takes these out of a list. */
export function removals(tenantId: string, keys: Iterable<Pick<NetworkKey, 'key' | 'length'>>): ListPart[] {
  const parts: ListPart[] = [];
  const writer = new EntryWriter();
  for (const { key, length } of keys) {
    writer.add(key, length, GONE);
    if (writer.count * IPV4_ENTRY >= PART_BYTES) parts.push({ tenantId, reason: '', entries: writer.take() });
  }
  if (writer.count > 0) parts.push({ tenantId, reason: '', entries: writer.take() });
  return parts;
}
