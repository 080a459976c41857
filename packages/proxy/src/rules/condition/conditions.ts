import type { PlannedMatch } from '@evenkeel/model/plan/rules.ts';
import type { Condition } from './condition.ts';
import { CookieCondition } from './cookie.ts';
import { HeaderCondition } from './header.ts';
import { MethodCondition } from './method.ts';
import { QueryCondition } from './query.ts';
import { SourceCondition } from './source.ts';

/** Of most rules; one object, which is at hand when ten thousand others would not be. */
const NONE: readonly Condition[] = [];

/** What a rule asks beside host and path, the cheapest first. */
export function conditionsOf({ methods, sources, headers, cookies, query }: PlannedMatch): readonly Condition[] {
  const conditions = [
    ...(methods.length > 0 ? [new MethodCondition(methods)] : []),
    ...(sources.length > 0 ? [new SourceCondition(sources)] : []),
    ...headers.map((planned) => new HeaderCondition(planned)),
    ...query.map((planned) => new QueryCondition(planned)),
    ...cookies.map((planned) => new CookieCondition(planned)),
  ];
  return conditions.length === 0 ? NONE : conditions;
}
