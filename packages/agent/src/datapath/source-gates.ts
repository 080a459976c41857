import { type Admission, type Admissions, contentOf } from '@evenkeel/flow/datapath/admissions.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { PlannedSecurityGroup } from '@evenkeel/model/plan/sources.ts';
import { resolvePrefixes } from '@evenkeel/proxy/protection/prefixes.ts';
import { rulesFor, sourceLists, type Transport } from '@evenkeel/proxy/protection/source-gate.ts';

/** What a listener asks of sources by protocol, as the kernel looks it up; null: nothing. */
export type Gates = Readonly<Record<Transport, readonly Admission[] | null>>;

export const NO_GATES: Gates = { tcp: null, udp: null };

/** Why the kernel cannot ask it. */
const BY_PORT = 'rules of its security groups are for some of its ports, and not for others';

/** The gates of a listener, or why the kernel cannot have them. */
export function gatesOf(
  planned: PlannedListener,
  groupOf: (id: string) => PlannedSecurityGroup | undefined,
): Gates | string {
  if (planned.securityGroups === undefined && planned.allowedSources === undefined) return NO_GATES;
  const groups = (planned.securityGroups ?? []).map(groupOf);
  const gates: { [T in Transport]: readonly Admission[] | null } = { ...NO_GATES };
  for (const transport of ['tcp', 'udp'] as const) {
    const { rules, areWhole } = rulesFor(planned, groups, transport);
    if (!areWhole) return BY_PORT;
    gates[transport] = resolvePrefixes(sourceLists(planned, rules));
  }
  return gates;
}

/**
 * Gates in the kernel, each once however many listeners have it. What an earlier process has left stays in force until
 * its listeners have been set anew: they have it again when they ask the same, and else it goes then.
 */
export class SourceGates {
  readonly #admissions: Admissions;
  readonly #byContent = new Map<string, number>();
  #last: number;

  constructor(admissions: Admissions) {
    this.#admissions = admissions;
    this.#last = Math.max(0, ...admissions.gates);
    for (const gate of admissions.gates) this.#byContent.set(admissions.content(gate), gate);
  }

  /** The number of a gate, which is made if it has to be; 0: nothing is asked; null: there is no room for it. */
  take(asked: readonly Admission[] | null): number | null {
    if (asked === null) return 0;
    const content = contentOf(asked);
    const known = this.#byContent.get(content);
    if (known !== undefined) return known;
    const number = this.#last + 1;
    if (!this.#admissions.add(number, asked)) return null;
    this.#last = number;
    this.#byContent.set(content, number);
    return number;
  }

  /** The same for each protocol of a listener. */
  takeAll(protocols: readonly Transport[], gates: Gates): Readonly<Record<Transport, number>> | null {
    const numbers = { tcp: 0, udp: 0 };
    for (const protocol of protocols) {
      const number = this.take(gates[protocol]);
      if (number === null) return null;
      numbers[protocol] = number;
    }
    return numbers;
  }

  /** Takes away what no listener names: `used` are the numbers that they do. */
  keepOnly(used: ReadonlySet<number>): void {
    for (const gate of this.#admissions.gates) if (!used.has(gate)) this.#admissions.remove(gate);
    for (const [content, number] of this.#byContent) if (!used.has(number)) this.#byContent.delete(content);
  }
}
