import { combineHashes, hashEntry, planEntry } from '@evenkeel/model/plan/hash.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { CertificateRecord } from '../state/records.ts';
import { EMPTY_STATE, type State } from '../state/state.ts';
import { differing, type PartedEntries, type Parts, type SharedPart, type SharedRecords } from './parts.ts';
import { planSecurityGroup } from './security-group.ts';
import { planAuthority, planCertificate, planTicketKeys } from './tls.ts';

export const NOTHING_SHARED: SharedPart = {
  entries: new Map(),
  hash: combineHashes([]),
  sources: new Map(),
  from: EMPTY_STATE,
};

/** The entries that load balancers refer to and that belong to none: each that is used is there, and no other. */
export function compileShared(state: State, parts: Parts, before: PartedEntries | null): SharedPart {
  const old = before?.shared ?? NOTHING_SHARED;
  const unchanged = before !== null && sameReferences(parts, before.parts);
  if (unchanged && sameRecords(state, old.from)) return old;
  const keys = unchanged ? new Set(old.entries.keys()) : union(parts);
  const entries = new Map<string, PlanEntry>();
  const sources = new Map<string, object>();
  let same = keys.size === old.entries.size;
  for (const key of keys) {
    const source = sourceOf(state, key);
    const known = old.entries.get(key);
    const kept = known !== undefined && old.sources.get(key) === source ? known : null;
    const entry = kept ?? make(state, key);
    same &&= kept !== null;
    sources.set(key, source);
    // A change that no node sees, such as that of a name, makes no other entry.
    entries.set(key, entry.hash === known?.hash ? known : entry);
  }
  if (same) return old;
  const { certificates, authorities, ticketKeys, securityGroups } = state;
  const from = { certificates, authorities, ticketKeys, securityGroups };
  return { entries, sources, from, hash: combineHashes(Array.from(entries.values(), ({ hash }) => hash)) };
}

/** The record that the entry is made of. */
function sourceOf(state: State, key: string): object {
  const [kind, id] = split(key);
  const source = recordOf(state, kind, id);
  if (source === undefined || source === null) throw new Error(`the plan refers to ${key}, which is not there`);
  return source;
}

function recordOf(state: State, kind: Kind, id: string): object | null | undefined {
  switch (kind) {
    case 'certificate':
      return state.certificates.get(id);
    case 'authority':
      return state.authorities.get(id);
    case 'security-group':
      return state.securityGroups.get(id);
    case 'ticket-keys':
      return state.ticketKeys;
  }
}

function make(state: State, key: string): PlanEntry {
  const [kind, id] = split(key);
  switch (kind) {
    case 'certificate':
      return certificateEntry(key, state.certificates.get(id)!);
    case 'authority':
      return planEntry(kind, planAuthority(state.authorities.get(id)!));
    case 'ticket-keys':
      return planEntry(kind, planTicketKeys(state.ticketKeys!));
    case 'security-group':
      return planEntry(kind, planSecurityGroup(state.securityGroups.get(id)!));
    default:
      return kind satisfies never;
  }
}

/** Its value is made for whoever asks: keys are not opened, and no text is there twice, for longer than it takes. */
function certificateEntry(key: string, record: CertificateRecord): PlanEntry {
  return {
    key,
    kind: 'certificate',
    hash: hashEntry(key, planCertificate(record)),
    get value() {
      return planCertificate(record);
    },
  };
}

type Kind = 'certificate' | 'authority' | 'ticket-keys' | 'security-group';

function split(key: string): [Kind, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash) as Kind, key.slice(slash + 1)];
}

function union(parts: Parts): Set<string> {
  const keys = new Set<string>();
  for (const { references } of parts.values()) for (const key of references.shared) keys.add(key);
  return keys;
}

function sameRecords(a: SharedRecords, b: SharedRecords): boolean {
  return (
    a.certificates === b.certificates &&
    a.authorities === b.authorities &&
    a.ticketKeys === b.ticketKeys &&
    a.securityGroups === b.securityGroups
  );
}

function sameReferences(parts: Parts, before: Parts): boolean {
  if (parts.size !== before.size) return false;
  return differing(before, parts).every((id) => before.get(id)?.references.shared === parts.get(id)?.references.shared);
}
