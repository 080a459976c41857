import type { FieldError } from '@evenkeel/model/problem.ts';
import { ProblemError } from '../problem.ts';

/** Carries out `work`, and says what it is refused with of the place in the document: a field below `at`, or all of it. */
export function at<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { code, message, particulars } = error;
    const errors = particulars.errors?.map((one): FieldError => ({ ...one, field: `${place}${one.field}` }));
    const shown = errors ?? [{ field: place, reason: message }];
    throw new ProblemError(code, `${shown[0]!.field}: ${shown[0]!.reason}`, { ...particulars, errors: shown }, error);
  }
}
