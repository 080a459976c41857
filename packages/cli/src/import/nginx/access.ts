import { canonicalNetwork } from '@evenkeel/model/network.ts';
import type { RuleMatchPatch } from '@evenkeel/model/resources/rule-match.ts';
import { NotCarried } from '../findings.ts';
import type { Context } from './context.ts';

/** Who may make a request: the first block that an address lies in decides. */
export interface Access {
  readonly allowed: boolean;
  readonly match: Pick<RuleMatchPatch, 'sources'>;
}

/**
 * The `allow` and `deny` of a context, in order, and what becomes of everybody else. One that allows everybody where
 * nothing is said. Throws NotCarried.
 */
export function accessOf(context: Context): Access[] {
  const rules = context.inherited('allow', 'deny');
  const steps: { allowed: boolean; sources: string[] }[] = [];
  for (const { name, args } of rules) {
    const allowed = name === 'allow';
    const [who = ''] = args;
    if (who === 'all') return [...steps.map(accessStep), { allowed, match: {} }];
    const network = canonicalNetwork(who);
    if (network === null) throw new NotCarried(`has ${who} where an address or CIDR block belongs`);
    const last = steps.at(-1);
    if (last?.allowed === allowed) last.sources.push(network);
    else steps.push({ allowed, sources: [network] });
  }
  return [...steps.map(accessStep), { allowed: true, match: {} }];
}

function accessStep({ allowed, sources }: { allowed: boolean; sources: string[] }): Access {
  return { allowed, match: { sources } };
}
