import type { QuotaName } from '@evenkeel/model/limits.ts';
import type { ResourceKind, ResourceRef } from '@evenkeel/model/resources/operation.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import { named } from '../state/state.ts';

/** Rules that several kinds of resources share. */

/** Refuses a name that another of `others` has. */
export function checkName(
  others: Iterable<{ readonly id: string; readonly name: string }>,
  name: string,
  at: string,
  self?: string,
): void {
  const other = named(others, name);
  if (other !== null && other.id !== self)
    refuseField('name-taken', `${at}/name`, `${name} is the name of ${other.id}`);
}

/** Refuses what would make more than the quota. `count` is how many there would be, `used` how many there are. */
export function checkQuota(draft: Draft, name: QuotaName, count: number, used = count - 1): void {
  const limit = draft.context.quotas[name];
  if (count <= limit) return;
  const detail = `${name} is limited to ${limit}, and ${used} are there`;
  throw new ProblemError('quota-exceeded', detail, { quota: { name, limit, used } });
}

export function refTo(kind: ResourceKind, record: { readonly id: string; readonly name: string }): ResourceRef {
  return { kind, id: record.id, name: record.name };
}

/** Refuses to delete what others refer to. */
export function checkUnused(what: string, usedBy: readonly ResourceRef[]): void {
  if (usedBy.length === 0) return;
  const names = usedBy.slice(0, 3).map(({ name }) => name);
  if (usedBy.length > names.length) names.push(`${usedBy.length - names.length} more`);
  throw new ProblemError('resource-in-use', `${what} is in use by ${names.join(', ')}`, { usedBy });
}

export function notFound(what: string, id: string): never {
  throw new ProblemError('resource-not-found', `there is no ${what} ${id}`);
}

/** The record among `records` that has the identifier or name; refuses when there is none. */
export function resolve<T extends { readonly id: string; readonly name: string }>(
  records: Iterable<T>,
  idOrName: string,
  at: string,
  what: string,
): T {
  let byName: T | null = null;
  for (const record of records) {
    if (record.id === idOrName) return record;
    if (record.name === idOrName) byName = record;
  }
  return byName ?? refuseField('reference-not-found', at, `there is no ${what} ${idOrName}`);
}
