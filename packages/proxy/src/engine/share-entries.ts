import { CertificatePacker, SharedCertificate } from '../tls/packed-certificate.ts';
import type { WorkerSharedChange } from '../worker/messages.ts';
import type { EngineChange } from './engine.ts';

/** What workers are told of shared entries. Certificates that are not packed yet are, into one piece of shared memory. */
export function shareEntries(changed: EngineChange['shared']): WorkerSharedChange[] {
  const loose = [...changed.values()]
    .filter((entry) => entry?.kind === 'certificate')
    .flatMap(({ value }) => (value instanceof SharedCertificate ? [] : [value]));
  const packed = new Map(new CertificatePacker().pack(loose).map((certificate) => [certificate.id, certificate]));
  return Array.from(changed, ([key, entry]) => {
    if (entry?.kind !== 'certificate') return { key, entry };
    const { value } = entry;
    const shared = value instanceof SharedCertificate ? value : packed.get(value.id)!;
    return { key, entry: { key, kind: 'certificate', value: shared.packed } };
  });
}
