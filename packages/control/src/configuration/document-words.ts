import { ProblemError } from '../problem.ts';

/**
 * Carries out `work`, and says what it is refused with in the words of documents: where a resource has
 * `backendServiceId`, a document has `backendService`.
 */
export function inDocumentWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ProblemError) || error.particulars.errors === undefined) throw error;
    const { code, message, particulars } = error;
    const errors = particulars.errors!.map((one) => ({ ...one, field: inWords(one.field) }));
    const [first] = particulars.errors!;
    throw new ProblemError(
      code,
      message.replace(first!.field, inWords(first!.field)),
      { ...particulars, errors },
      error,
    );
  }
}

/** `/listeners/0/backendServiceId` as `/listeners/0/backendService` */
function inWords(pointer: string): string {
  return pointer.replace(/([a-z])Id(s?)(?=\/|$)/g, '$1$2');
}
