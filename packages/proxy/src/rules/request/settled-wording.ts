import type { PlannedPath } from '@evenkeel/model/plan/rules.ts';
import { settledPattern } from './settled-pattern.ts';

const ENCODED = /%[0-9a-f]{2}/gi;

/** What a rule says of paths, in the spelling that `settlePath` gives to those of requests. */
export function settledWording(path: PlannedPath): PlannedPath {
  const { kind, value } = path;
  const settled = kind === 'regex' ? settledPattern(value) : value.replace(ENCODED, (text) => text.toUpperCase());
  return settled === value ? path : { ...path, value: settled };
}
