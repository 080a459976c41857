import type { PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import { packRules } from '../rules/packed-rules.ts';
import { CertificatePacker, SharedCertificate } from '../tls/packed-certificate.ts';
import type { WorkerSharedChange } from '../worker/messages.ts';
import type { EngineChange } from './engine.ts';

/** What it takes of the engine. */
interface Place {
  /** The group as workers have it now. */
  ruleGroup(id: string): PlannedRuleGroup | null;
  ruleSlot(ruleGroupId: string, ruleId: string): number;
}

/**
 * What workers are told of shared entries. Certificates that are not packed yet are, into one piece of shared memory, and
 * so are the rules of each group.
 */
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
        const slots = Int32Array.from(value.rules, ({ id }) => place.ruleSlot(value.id, id));
        const left = leftOf(place.ruleGroup(value.id), value);
        return { key, entry: { key, kind: 'rule-group', value: packRules(value), slots }, left };
      }
      case undefined:
        return { key, entry: null, left: leftOf(groupIn(key, place), null) };
      default:
        return { key, entry: entry!, left: [] };
    }
  });
}

function groupIn(key: string, place: Place): PlannedRuleGroup | null {
  const [kind, id] = key.split('/', 2);
  return kind === 'rule-group' ? place.ruleGroup(id!) : null;
}

function leftOf(before: PlannedRuleGroup | null, after: PlannedRuleGroup | null): string[] {
  if (before === null) return [];
  const staying = new Set(after?.rules.map(({ id }) => id));
  return before.rules.flatMap(({ id }) => (staying.has(id) ? [] : [id]));
}
