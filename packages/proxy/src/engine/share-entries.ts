import type { PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import { CertificatePacker, SharedCertificate } from '../tls/packed-certificate.ts';
import type { WorkerSharedChange, WorkerSharedEntry } from '../worker/messages.ts';
import type { EngineChange } from './engine.ts';

/** What it takes of the engine. */
interface Place {
  /** The entry as workers have it now. */
  shared(key: string): WorkerSharedEntry | null;
  ruleSlot(ruleGroupId: string, ruleId: string): number;
}

/** What workers are told of shared entries. Certificates that are not packed yet are, into one piece of shared memory. */
export function shareEntries(changed: EngineChange['shared'], place: Place): WorkerSharedChange[] {
  const loose = [...changed.values()]
    .filter((entry) => entry?.kind === 'certificate')
    .flatMap(({ value }) => (value instanceof SharedCertificate ? [] : [value]));
  const packed = new Map(new CertificatePacker().pack(loose).map((certificate) => [certificate.id, certificate]));
  return Array.from(changed, ([key, entry]) => {
    switch (entry?.kind) {
      case 'certificate': {
        const { value } = entry;
        const shared = value instanceof SharedCertificate ? value : packed.get(value.id)!;
        return { key, entry: { key, kind: 'certificate', value: shared.packed }, left: [] };
      }
      case 'rule-group': {
        const { value } = entry;
        const slots = value.rules.map(({ id }) => place.ruleSlot(value.id, id));
        return { key, entry: { key, kind: 'rule-group', value, slots }, left: leftOf(place.shared(key), value) };
      }
      case undefined:
        return { key, entry: null, left: leftOf(place.shared(key), null) };
      default:
        return { key, entry: entry!, left: [] };
    }
  });
}

function leftOf(before: WorkerSharedEntry | null, after: PlannedRuleGroup | null): string[] {
  if (before?.kind !== 'rule-group') return [];
  const staying = new Set(after?.rules.map(({ id }) => id));
  return before.value.rules.flatMap(({ id }) => (staying.has(id) ? [] : [id]));
}
