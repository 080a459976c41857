import { ERRORS, type ErrorCode } from '@evenkeel/model/errors.ts';
import type { FieldError, Problem } from '@evenkeel/model/problem.ts';
import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';

const LISTED = 100;

interface Particulars {
  readonly errors?: readonly FieldError[];
  readonly usedBy?: readonly ResourceRef[];
  readonly quota?: { readonly name: string; readonly limit: number; readonly used: number };
  /** Seconds until it is worth another attempt. */
  readonly retryAfter?: number;
}

/** A request that is refused, or failed, for a reason of the error catalogue. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly particulars: Particulars;

  constructor(code: ErrorCode, detail: string, particulars: Particulars = {}, cause?: unknown) {
    super(detail, { cause });
    this.code = code;
    this.status = ERRORS[code].status;
    this.particulars = particulars;
  }

  /** The body of the answer (RFC 9457). */
  toProblem(instance?: string, requestId?: string): Problem {
    const { errors, usedBy, quota } = this.particulars;
    return {
      type: `urn:evenkeel:error:${this.code}`,
      title: ERRORS[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(instance !== undefined && { instance }),
      ...(requestId !== undefined && { requestId }),
      ...(errors && { errors: errors.slice(0, LISTED) }),
      ...(usedBy && { usedBy: usedBy.slice(0, LISTED) }),
      ...(quota && { quota }),
    };
  }
}

/** Refuses because of one field. `field` is a JSON pointer into the body. */
export function refuseField(code: ErrorCode, field: string, reason: string, allowed?: unknown): never {
  const error = allowed === undefined ? { field, reason } : { field, reason, allowed };
  throw new ProblemError(code, `${field}: ${reason}`, { errors: [error] });
}
