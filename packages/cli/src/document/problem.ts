import type { ApiError } from '@evenkeel/client/errors.ts';
import { exitCodeOf, fieldName, pointerParts, reasonOf } from '../explain.ts';
import { CliFailure } from '../failure.ts';
import type { DocumentEntry } from './read.ts';

/** What the API has against a configuration, said of the files that it came from. */
export function problemInFiles({ problem, code, status }: ApiError, entries: readonly DocumentEntry[]): CliFailure {
  const details = (problem.errors ?? []).map((error) => {
    const [list, index, ...steps] = pointerParts(error.field);
    const entry = entries.filter((one) => one.list === list)[Number(index)];
    if (entry === undefined) return `${fieldName(error.field)}: ${reasonOf(error)}`;
    const place = entry.place.at(...steps);
    return `${place.line}: ${place.field}: ${reasonOf(error)}`;
  });
  return new CliFailure(exitCodeOf(code, status), `${problem.title}; nothing was changed:`, details);
}
