import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedAuthority, PlannedCertificate, PlannedTls } from '@evenkeel/model/plan/tls.ts';
import type { Identity } from '@evenkeel/testbed/certificates/issue.ts';
import type { EngineChange } from '../src/engine/engine.ts';
import { listenerOf } from './plans.ts';

/** TLS settings as the strictest built-in policies have them, with the given default certificates. */
export function tlsOf(defaultCertificates: readonly string[], changes: Partial<PlannedTls> = {}): PlannedTls {
  return {
    defaultCertificates,
    certificates: [],
    versions: ['1.2', '1.3'],
    ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ciphersuites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'],
    sessionTickets: true,
    clientCertificates: null,
    ...changes,
  };
}

/** An HTTPS listener that shows the certificate `web` when not said otherwise. */
export function httpsListener(
  port: number,
  tls: Partial<PlannedTls> = {},
  changes: Partial<PlannedListener> = {},
): PlannedListener {
  return listenerOf(port, { protocol: 'https', tls: tlsOf(['web'], tls), ...changes });
}

export function certificateOf(id: string, identity: Identity, changes: Partial<PlannedCertificate> = {}): SharedEntry {
  const { certificate: chain, key: privateKey } = identity;
  const value: PlannedCertificate = {
    id,
    chain,
    privateKey,
    names: [],
    keyType: 'ecdsa',
    ocspResponse: null,
    ...changes,
  };
  return planEntry('certificate', value) as SharedEntry;
}

export function authorityOf(id: string, certificates: string, revocationLists = ''): SharedEntry {
  const value: PlannedAuthority = { id, certificates, revocationLists };
  return planEntry('authority', value) as SharedEntry;
}

/** Each key is 80 times the same byte. */
export function ticketKeysOf(...bytes: readonly number[]): SharedEntry {
  const keys = bytes.map((byte) => Buffer.alloc(80, byte).toString('base64'));
  return planEntry('ticket-keys', { id: 'current', keys }) as SharedEntry;
}

/** The change, with these entries in it as well. */
export function withShared(change: EngineChange, ...entries: readonly SharedEntry[]): EngineChange {
  return { ...change, shared: new Map([...change.shared, ...entries.map((entry) => [entry.key, entry] as const)]) };
}

/** The rule group `told`: every request gets these headers, each with the value of a variable. */
export function ruleSetting(headers: Readonly<Record<string, string>>): SharedEntry {
  const requestHeaders = Object.entries(headers).map(([name, variable]) => {
    return { operation: 'set' as const, name, value: `$${'{'}${variable}}` };
  });
  const match = { hosts: [], paths: [], methods: [], headers: [], cookies: [], query: [], sources: [] };
  const action = { type: 'forward' as const, services: [{ serviceId: 'told', weight: 1 }] };
  const nothing = { jwt: null, rewrite: null, mirror: null, responseHeaders: [] };
  const rule = { id: 'told', name: 'told', priority: 1, match, requestHeaders, action, ...nothing };
  return planEntry('rule-group', { id: 'told', name: 'told', order: 'priority', rules: [rule] }) as SharedEntry;
}
