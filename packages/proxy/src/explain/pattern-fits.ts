import type { PlannedHost, PlannedPath } from '@evenkeel/model/plan/rules.ts';
import { PatternMatcher } from '@evenkeel/model/regex/matcher.ts';
import { compilePattern } from '@evenkeel/model/regex/program.ts';
import { settledWording } from '../rules/request/settled-wording.ts';

/**
 * Whether one host or path of a rule fits a request: what the indexes of `rules/index/` know of all rules at once, asked
 * of one, for those who want to know why it does not. Texts hold one byte each character.
 */

/** `name` without port and final dot. */
export function hostFits({ kind, value }: PlannedHost, name: string): boolean {
  const lower = name.toLowerCase();
  switch (kind) {
    case 'exact':
      return lower === value;
    case 'prefix-wildcard':
      return lower.length > value.length + 1 && lower.endsWith(`.${value}`);
    case 'suffix-wildcard':
      return lower.length > value.length + 1 && lower.startsWith(`${value}.`);
    case 'regex':
      return lower !== '' && expressionFits(value, name, true);
  }
}

/** `slashes`: a path that only lacks the final slash of a prefix fits it. */
export function pathFits(planned: PlannedPath, path: string, slashes: boolean): boolean {
  const { kind, value, ignoreCase } = settledWording(planned);
  const [wanted, actual] = ignoreCase ? [value.toLowerCase(), path.toLowerCase()] : [value, path];
  switch (kind) {
    case 'exact':
      return actual === wanted;
    case 'prefix':
      return actual.startsWith(wanted) || (slashes && `${actual}/` === wanted);
    case 'regex':
      return expressionFits(value, path, ignoreCase);
  }
}

function expressionFits(pattern: string, text: string, ignoreCase: boolean): boolean {
  const bytes = Buffer.from(text, 'latin1');
  return new PatternMatcher(compilePattern(pattern, ignoreCase)).test(bytes, 0, bytes.length);
}
