import { packCertificates } from '../tls/packed-certificate.ts';
import type { WorkerSharedChange } from '../worker/messages.ts';
import type { EngineChange } from './engine.ts';

/** What workers are told of shared entries. The certificates of one change lie in one piece of shared memory. */
export function shareEntries(changed: EngineChange['shared']): WorkerSharedChange[] {
  const certificates = [...changed.values()].filter((entry) => entry?.kind === 'certificate');
  const packed = packCertificates(certificates.map(({ value }) => value)).values();
  return Array.from(changed, ([key, entry]) => {
    if (entry?.kind !== 'certificate') return { key, entry };
    const { value } = packed.next();
    if (value === undefined) throw new Error('every certificate has been packed');
    return { key, entry: { key, kind: 'certificate', value } };
  });
}
