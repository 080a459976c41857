import type { BlockListMessage } from '@evenkeel/model/plan/block-list.ts';
import { hashEntry } from '@evenkeel/model/plan/hash.ts';
import {
  type CertificateMessage,
  FINGERPRINT,
  MOST_CERTIFICATES,
  type TrustMessage,
  type ZoneKeysMessage,
} from '@evenkeel/model/plan/membership.ts';
import type { PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { QueryMessage } from '@evenkeel/model/plan/query.ts';
import type { SharingPeer } from '@evenkeel/model/plan/sharing.ts';
import type { PlanMessage, ToAgent } from '@evenkeel/model/plan/stream.ts';
import { EntryCompactor } from '../plan/compact-entries.ts';
import { entryHead, entryShape } from '../plan/entry-shape.ts';
import type { Faults } from '../plan/refused-entries.ts';
import { fields, flag, integer, list, nullable, optional, type Shape, text } from '../plan/shape.ts';

export type Parsed =
  /** Entries that are named in `faults` have the right hash, and a value that this version cannot run. */
  | { readonly kind: 'message'; readonly message: PlanMessage; readonly faults: Faults }
  /** Well-formed but for the question itself: that is for whoever answers it. */
  | { readonly kind: 'query'; readonly query: QueryMessage }
  | { readonly kind: 'peers'; readonly peers: readonly SharingPeer[] }
  | { readonly kind: 'block-list'; readonly message: BlockListMessage }
  | { readonly kind: 'membership'; readonly message: CertificateMessage | TrustMessage | ZoneKeysMessage }
  /** Of a type that this version does not know; to be passed over. */
  | { readonly kind: 'unknown'; readonly type: string }
  | { readonly kind: 'invalid'; readonly problem: string };

const version = integer(0);
const hash = text(64, { matches: /^[0-9a-f]*$/, says: 'hexadecimal' });
const fingerprint = text(95, { matches: FINGERPRINT, says: 'a SHA-256' });
const SHAPES: Readonly<Record<ToAgent['type'], Shape>> = {
  snapshot: fields({ version, hash, entries: list(entryHead) }),
  delta: fields({ from: version, version, hash, upserts: list(entryHead), removes: list(text(160)) }),
  query: fields({ id: integer(0), kind: text(64), question: fields({}) }),
  'block-list': fields({
    reset: flag,
    position: fields({ version, nonce: text(64) }),
    tenantId: text(128),
    entries: text(4 * 1_048_576, { matches: /^[A-Za-z0-9+/]*={0,2}$/, says: 'base64' }),
  }),
  peers: fields({
    peers: list(fields({ node: text(63), address: text(64), port: integer(1, 65_535), takesZoneKeys: optional(flag) })),
  }),
  certificate: fields({ certificate: nullable(text(16_384)), reason: text(500) }),
  trust: fields({ fingerprint, fingerprints: optional(list(fingerprint, MOST_CERTIFICATES)) }),
  'zone-keys': fields({
    keys: list(
      fields({
        id: text(64, { matches: /^[\w-]+$/, says: 'letters and digits' }),
        secret: text(44, { matches: /^[A-Za-z0-9+/]{43}=$/, says: '32 bytes in base64' }),
      }),
    ),
  }),
};

/** Reads one text frame from the control plane and checks all of it, the hash of every entry included. */
export function parseToAgent(frame: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return { kind: 'invalid', problem: 'not JSON' };
  }
  const type = typeof value === 'object' && value !== null ? (value as { readonly type?: unknown }).type : undefined;
  if (typeof type !== 'string') return { kind: 'invalid', problem: 'type must be a string' };
  if (!Object.hasOwn(SHAPES, type)) return { kind: 'unknown', type: type.slice(0, 64) };
  const fault = SHAPES[type as ToAgent['type']](value, '');
  if (fault !== '') return { kind: 'invalid', problem: `${type}: ${fault}` };
  const message = value as ToAgent;
  if (message.type === 'query') return { kind: 'query', query: message };
  if (message.type === 'block-list') return { kind: 'block-list', message };
  if (message.type === 'certificate' || message.type === 'trust' || message.type === 'zone-keys') {
    return { kind: 'membership', message };
  }
  if (message.type === 'peers') return { kind: 'peers', peers: message.peers };
  const entries = message.type === 'snapshot' ? message.entries : message.upserts;
  const wrong = findWrongHash(entries);
  if (wrong !== null) {
    return { kind: 'invalid', problem: `${type}: the hash of ${wrong.key} is not that of its value` };
  }
  return { kind: 'message', message: compacted(message), faults: faultsOf(entries) };
}

function compacted(message: PlanMessage): PlanMessage {
  const compactor = new EntryCompactor();
  return message.type === 'snapshot'
    ? { ...message, entries: compactor.compact(message.entries) }
    : { ...message, upserts: compactor.compact(message.upserts) };
}

function faultsOf(entries: readonly PlanEntry[]): Faults {
  const faults = new Map<string, string>();
  for (const entry of entries) {
    const found = entryShape(entry, entry.key);
    if (found !== '') faults.set(entry.key, found);
  }
  return faults;
}

function findWrongHash(entries: readonly PlanEntry[]): PlanEntry | null {
  for (const entry of entries) if (hashEntry(entry.key, entry.value) !== entry.hash) return entry;
  return null;
}
