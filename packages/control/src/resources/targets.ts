import { canonicalAddress, isHostAddress } from '@evenkeel/model/address.ts';
import { WEIGHT } from '@evenkeel/model/limits.ts';
import type { TargetInput, TargetPatch, TargetsPatch } from '@evenkeel/model/resources/target.ts';
import { checkZone } from '../placement/zones.ts';
import { refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { TargetGroupRecord, TargetRecord } from '../state/records.ts';
import { findGroup, type GroupTree } from '../state/state.ts';
import { checkQuota, notFound } from './rules.ts';

/** What identifies a target within its group: its address and port, in text. */
export function targetKey(target: { readonly address: string; readonly port?: number | null }): string {
  if (target.port === null || target.port === undefined) return target.address;
  return target.address.includes(':') ? `[${target.address}]:${target.port}` : `${target.address}:${target.port}`;
}

export function getTarget(draft: Draft, groupId: string, targetId: string): TargetRecord {
  return groupOf(draft, groupId).targets.get(targetId) ?? notFound('target', targetId);
}

/** Registers all of them. `at` is the pointer to the list. */
export function registerTargets(
  draft: Draft,
  groupId: string,
  inputs: readonly TargetInput[],
  at = '/targets',
): TargetRecord[] {
  const { group, targets } = groupOf(draft, groupId);
  checkQuota(draft, 'targetsPerTargetGroup', targets.size + inputs.length, targets.size);
  const known = byKey(targets.values());
  return inputs.map((input, i) => {
    const address = checkAddress(input.address, `${at}/${i}/address`);
    const key = targetKey({ ...input, address });
    if (known.has(key)) refuseField('target-registered', `${at}/${i}`, `${key} is registered already`);
    checkZone(draft, input.zone ?? '', `${at}/${i}/zone`);
    const target = createTarget(draft, group, { ...input, address });
    known.set(key, target);
    return target;
  });
}

/** Makes the targets of the group those of the list: adds, changes and removes. Answers with the new targets. */
export function replaceTargets(
  draft: Draft,
  groupId: string,
  inputs: readonly TargetInput[],
  at: string,
): TargetRecord[] {
  const { group, targets } = groupOf(draft, groupId);
  checkQuota(draft, 'targetsPerTargetGroup', inputs.length, targets.size);
  const known = byKey(targets.values());
  const wanted = new Set<string>();
  const result = inputs.map((input, i) => {
    const address = checkAddress(input.address, `${at}/${i}/address`);
    const key = targetKey({ ...input, address });
    if (wanted.has(key)) refuseField('target-registered', `${at}/${i}`, `${key} is in the list twice`);
    wanted.add(key);
    const target = known.get(key);
    if (target !== undefined) return updateTarget(draft, target, input, `${at}/${i}`);
    checkZone(draft, input.zone ?? '', `${at}/${i}/zone`);
    return createTarget(draft, group, { ...input, address });
  });
  for (const [key, target] of known) if (!wanted.has(key)) draft.remove('target', target);
  return result;
}

/** `at` is the pointer to the patch. */
export function updateTarget(draft: Draft, target: TargetRecord, patch: TargetPatch, at = ''): TargetRecord {
  const { name, weight, zone, state } = patch;
  if (zone !== undefined) checkZone(draft, zone, `${at}/zone`);
  return draft.update('target', target, {
    name: name ?? target.name,
    weight: weight ?? target.weight,
    zone: zone ?? target.zone,
    state: state ?? target.state,
  });
}

export function updateTargets(draft: Draft, groupId: string, patch: TargetsPatch): TargetRecord[] {
  const { targets } = groupOf(draft, groupId);
  return patch.targets.map(({ id, ...fields }, i) =>
    updateTarget(draft, pick(targets, id, `/targets/${i}/id`), fields, `/targets/${i}`),
  );
}

export function deregisterTargets(draft: Draft, groupId: string, ids: readonly string[]): TargetRecord[] {
  const { targets } = groupOf(draft, groupId);
  const picked = new Map(ids.map((id, i) => [id, pick(targets, id, `/targetIds/${i}`)]));
  for (const target of picked.values()) draft.remove('target', target);
  return [...picked.values()];
}

function groupOf(draft: Draft, groupId: string): GroupTree {
  return findGroup(draft, groupId) ?? notFound('target group', groupId);
}

function createTarget(draft: Draft, group: TargetGroupRecord, input: TargetInput): TargetRecord {
  return draft.create('target', {
    id: draft.newId('target'),
    name: input.name ?? targetKey(input),
    targetGroupId: group.id,
    address: input.address,
    port: input.port ?? null,
    weight: input.weight ?? WEIGHT.default,
    zone: input.zone ?? '',
    state: input.state ?? 'active',
  });
}

function checkAddress(text: string, at: string): string {
  const address = canonicalAddress(text);
  if (address !== null && isHostAddress(address)) return address;
  refuseField('address-not-allowed', at, `${text} cannot be a target`, 'the address of a single host');
}

function pick(targets: ReadonlyMap<string, TargetRecord>, id: string, at: string): TargetRecord {
  return targets.get(id) ?? refuseField('reference-not-found', at, `there is no target ${id} in this group`);
}

function byKey(targets: Iterable<TargetRecord>): Map<string, TargetRecord> {
  const map = new Map<string, TargetRecord>();
  for (const target of targets) map.set(targetKey(target), target);
  return map;
}
