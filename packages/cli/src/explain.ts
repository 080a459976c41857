import { ApiError, ConnectionError, UnexpectedAnswerError } from '@evenkeel/client/errors.ts';
import type { ErrorCode } from '@evenkeel/model/errors.ts';
import type { FieldError, Problem } from '@evenkeel/model/problem.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import { oneLine } from './output/text.ts';

export interface Explanation {
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** What went wrong, for the terminal: one line, then a line for each field or object in question. */
export function explain(error: unknown): Explanation {
  if (error instanceof CliFailure) return explanation(error.exitCode, error.message, error.details);
  if (error instanceof ApiError) {
    const { problem } = error;
    return explanation(exitCodeOf(problem.code, problem.status), headline(problem), detailsOf(problem));
  }
  if (error instanceof ConnectionError || error instanceof UnexpectedAnswerError) {
    return explanation(EXIT.unreachable, error.message, []);
  }
  // A defect of ours: whoever reports it needs the stack.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return explanation(EXIT.failed, `this is a defect of evenkeel: ${text}`, []);
}

export function exitCodeOf(code: ErrorCode, status: number): ExitCode {
  if (code === 'reference-not-found') return EXIT.notFound;
  switch (status) {
    case 400:
    case 413:
      return EXIT.usage;
    case 404:
      return EXIT.notFound;
    case 409:
    case 412:
      return EXIT.conflict;
    default:
      return EXIT.failed;
  }
}

/** A line for each field, user and quota that the problem names. */
export function detailsOf(problem: Problem): string[] {
  const lines = (problem.errors ?? []).map((error) => `${fieldName(error.field)}: ${reasonOf(error)}`);
  for (const user of problem.usedBy ?? []) lines.push(`used by ${wordsOf(user.kind)} ${user.name} (${user.id})`);
  return lines;
}

export function reasonOf({ reason, allowed }: FieldError): string {
  if (allowed === undefined) return reason;
  const text = typeof allowed === 'string' ? allowed : JSON.stringify(allowed);
  // Often the reason says it already.
  return reason.includes(text) ? reason : `${reason} (allowed: ${text})`;
}

/** `/listeners/0/port` as `listeners[0].port`; `query` and the like stay as they are. */
export function fieldName(pointer: string): string {
  if (!pointer.startsWith('/')) return pointer;
  return pointerParts(pointer).reduce((name, part) => {
    if (/^\d+$/.test(part)) return `${name}[${part}]`;
    return name === '' ? part : `${name}.${part}`;
  }, '');
}

/** The steps of a JSON pointer (RFC 6901 §4). */
export function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `backendService` as "backend service". */
export function wordsOf(kind: string): string {
  if (kind === 'elasticIp') return 'elastic IP';
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function headline(problem: Problem): string {
  const number = problem.status >= 500 && problem.requestId !== undefined ? ` (request ${problem.requestId})` : '';
  return `${problem.detail}${number}`;
}

function explanation(exitCode: ExitCode, message: string, details: readonly string[]): Explanation {
  const lines = [`evenkeel: ${message}`, ...details.map((line) => `  ${oneLine(line)}`)];
  return { text: `${lines.join('\n')}\n`, exitCode };
}
