import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import { dropInWords } from '@evenkeel/model/kernel-drops.ts';
import { DENY_LISTS } from '@evenkeel/model/plan/block-list.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import { BlockReader } from '../protection/block-reader.ts';
import { denialsIn } from '../protection/denial-reader.ts';
import { ADMITTED, REFUSAL_NAMES } from '../protection/refusal.ts';
import { sourceGateOf, type Transport } from '../protection/source-gate.ts';
import { IpAddress } from '../source-address/ip-address.ts';
import type { WorkerSharedEntry } from '../worker/messages.ts';

/** What says who may connect, beside the listener itself. */
export interface ProtectingTables {
  shared(key: string): WorkerSharedEntry | null;
  /** Of a tenant, or one of those that are the deny list; null: there is none. */
  blockList(tenantId: string): BlockTableMemory | null;
}

/**
 * Why the source of the question may not connect, in words; null: it may. The gate is made anew for each question, as
 * somebody at a terminal asks it: keeping one would mean to hear of each change of groups and lists.
 */
export function sourceRefusal(
  tables: ProtectingTables,
  planned: PlannedListener,
  { source, flow }: ExplainQuestion,
): string | null {
  const groupOf = (id: string) => {
    const entry = tables.shared(`security-group/${id}`);
    return entry?.kind === 'security-group' ? entry.value : undefined;
  };
  const blocked = tables.blockList(planned.tenantId ?? DEFAULT_TENANT.id);
  const gate = sourceGateOf(planned, groupOf, {
    blocked: blocked && new BlockReader(blocked),
    denials: denialsIn({
      denied: tables.blockList(DENY_LISTS.denied),
      allowed: tables.blockList(DENY_LISTS.allowed),
    }),
  });
  if (gate === null) return null;
  const address = new IpAddress();
  address.parseText(source);
  const transport: Transport = planned.protocol === 'udp' || flow?.protocol === 'udp' ? 'udp' : 'tcp';
  const localAddress = planned.addresses[0] ?? '';
  const ends = { remoteAddress: source, localAddress, localPort: flow?.port ?? planned.port };
  const verdict = gate.verdict(transport, address, ends);
  if (verdict === ADMITTED) return null;
  const what =
    transport === 'udp' ? 'the datagram is dropped' : 'the connection is reset before anything of it is read';
  return `${what}: ${IN_WORDS[REFUSAL_NAMES[verdict]!] ?? REFUSAL_NAMES[verdict]}`;
}

/** The same words as for what the kernel drops. */
const IN_WORDS: Readonly<Record<string, string>> = {
  'security-group': dropInWords('security_group'),
  'allowed-sources': dropInWords('allowed_sources'),
  'block-list': dropInWords('blocked'),
  'deny-list': dropInWords('denied'),
};
