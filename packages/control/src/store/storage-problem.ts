import { ProblemError } from '../problem.ts';
import type { Failure } from './database.ts';

/** What the writes of a transaction that failed are answered with. */
export function storageProblem(failure: Failure, error: unknown): ProblemError {
  switch (failure) {
    case 'full':
      return new ProblemError('storage-full', 'the disk is full; nothing was changed', {}, error);
    case 'unwritten':
      return new ProblemError('storage-failed', 'the state could not be written; nothing was changed', {}, error);
    case 'unknown': {
      const detail =
        'the database went away while the change was written; see whether it is there before you repeat it';
      return new ProblemError('storage-failed', detail, {}, error);
    }
    case 'superseded':
      return new ProblemError('not-leading', 'another control plane leads; nothing was changed', {}, error);
    case 'rule':
      // What a write refuses within the transaction says so itself.
      if (error instanceof ProblemError) return error;
      return new ProblemError('internal', 'the change could not be stored; nothing was changed', {}, error);
  }
}

/** What whoever reads is answered with when the database fails: `storage-failed`, or the error where that is a defect. */
export function readProblem(failure: Failure, error: unknown): unknown {
  return failure === 'rule' ? error : new ProblemError('storage-failed', 'the state could not be read', {}, error);
}
