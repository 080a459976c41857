import type { ErrorCode } from '@evenkeel/model/errors.ts';
import type { Problem } from '@evenkeel/model/problem.ts';

/** The server answered with an error; `problem` has the details (RFC 9457). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: ErrorCode;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
  }
}

/** There was no answer: nobody listens there, the connection broke, or the time was up. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`no answer from ${new URL(url).origin}: ${reasonOf(cause)}`, { cause });
    this.url = url;
  }
}

/** The answer is not one of this API: something else listens there, or stands in between. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';
  readonly status: number;

  constructor(url: string, status: number, reason: string) {
    super(
      `${new URL(url).origin} answered ${status} with ${reason}: is this the address of an Evenkeel control plane?`,
    );
    this.status = status;
  }
}

/** `fetch` hides the system's reason in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof AggregateError) return reasonOf(error.cause.errors[0]);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message;
}
