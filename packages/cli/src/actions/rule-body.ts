import type { Rule, RuleInput, RulePatch } from '@evenkeel/model/resources/rule.ts';
import type { OptionValues } from 'commander';
import type { Share } from '../commands/rule-values.ts';
import { NONE } from '../commands/values.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { backendServices } from './kinds.ts';
import { resolvePart } from './reference.ts';
import type { Session } from './session.ts';

/** What the options say of a rule, as the API wants it; services of `lb` are named. `current` is the rule as it is. */
export async function ruleBody(
  session: Session,
  lb: string,
  options: OptionValues,
  current: Rule | null,
): Promise<RulePatch & Partial<RuleInput>> {
  const { forward, redirect, respond, mirror, jwt, requestHeader, responseHeader } = options;
  const match = matchOf(options);
  const idOf = async ({ service }: Share) => (await resolvePart(session, backendServices, service, lb)).id;
  const weighted = async (to: Share) => ({
    backendServiceId: await idOf(to),
    ...(to.number !== undefined && { weight: to.number }),
  });
  const copied = async (to: Share) => ({
    backendServiceId: await idOf(to),
    ...(to.number !== undefined && { percent: to.number }),
  });
  const rewrite = rewriteOf(options, current);
  return {
    ...(options.name !== undefined && { name: options.name }),
    ...(options.description !== undefined && { description: options.description }),
    ...(options.priority !== undefined && { priority: options.priority }),
    ...(Object.keys(match).length > 0 && { match }),
    ...(forward && { forward: await Promise.all((forward as Share[]).map(weighted)) }),
    ...(redirect && { redirect }),
    ...(respond && { respond }),
    ...(mirror !== undefined && { mirror: mirror === NONE ? null : await copied(mirror) }),
    ...(jwt !== undefined && { jwt }),
    ...(rewrite !== undefined && { rewrite }),
    ...(requestHeader && { requestHeaders: requestHeader }),
    ...(responseHeader && { responseHeaders: responseHeader }),
  };
}

/** Options and the kinds of conditions that they set. */
const CONDITIONS = {
  host: 'hosts',
  path: 'paths',
  method: 'methods',
  header: 'headers',
  cookie: 'cookies',
  query: 'query',
  source: 'sources',
} as const;

function matchOf(options: OptionValues): NonNullable<RulePatch['match']> {
  const given = Object.entries(CONDITIONS).filter(([option]) => options[option] !== undefined);
  return Object.fromEntries(given.map(([option, kind]) => [kind, options[option]]));
}

/** Host and path are given one by one, and what is not given stays. */
function rewriteOf(options: OptionValues, current: Rule | null): RulePatch['rewrite'] | undefined {
  const { rewriteHost: host, rewritePath: whole, rewritePrefix: prefix, rewritePattern: pattern } = options;
  const { rewriteWith: replacement } = options;
  if ((pattern === undefined) !== (replacement === undefined)) {
    throw new CliFailure(EXIT.usage, 'give --rewrite-pattern and --rewrite-with together.');
  }
  const [path] = [
    whole && (whole === 'none' ? null : { kind: 'whole' as const, replacement: whole }),
    prefix && { kind: 'prefix' as const, replacement: prefix },
    pattern && { kind: 'regex' as const, pattern, replacement },
  ].filter((one) => one !== undefined);
  if (host === undefined && path === undefined) return undefined;
  const before = current?.rewrite ?? { host: null, path: null };
  const rewrite = {
    host: host === undefined ? before.host : host === 'none' ? null : host,
    path: path === undefined ? before.path : path,
  };
  return rewrite.host === null && rewrite.path === null ? null : rewrite;
}
