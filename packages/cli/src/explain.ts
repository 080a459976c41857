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

/** The option that sets a field of the API, for those who have not called it by its name. */
export type FlagOf = (field: string) => string | null;

/** What went wrong, for the terminal: one line, then a line for each field or object in question. */
export function explain(error: unknown, flagOf: FlagOf = () => null): Explanation {
  if (error instanceof CliFailure) return explanation(error.exitCode, error.message, error.details);
  if (error instanceof ApiError) {
    const { message, details } = explainProblem(error.problem, flagOf);
    return explanation(exitCodeOf(error.code, error.status), message, details);
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

/** What the API says against a request: one line, and what there is to say about each field, user and quota. */
export function explainProblem(
  problem: Problem,
  flagOf: FlagOf = () => null,
): { readonly message: string; readonly details: readonly string[] } {
  const fields = (problem.errors ?? []).map((error) => `${calledBy(error.field, flagOf)}: ${reasonOf(error)}`);
  const users = (problem.usedBy ?? []).map(({ kind, name, id }) => `used by ${wordsOf(kind)} ${name} (${id})`);
  const request = problem.status >= 500 && problem.requestId !== undefined ? ` (request ${problem.requestId})` : '';
  // The detail is about the first field, in the words of the API.
  if (fields.length === 1) return { message: fields[0], details: users };
  const message = fields.length > 1 ? `${problem.title}: ${fields.length} fields` : problem.detail;
  return { message: `${message}${request}`, details: [...fields, ...users] };
}

/** Of a field that an option sets, the option with the name of the field; of a parameter the option alone. */
function calledBy(pointer: string, flagOf: FlagOf): string {
  const field = fieldName(pointer);
  const flag = flagOf(field);
  if (flag === null) return field;
  return field.startsWith('query ') ? flag : `${flag} (${field})`;
}

export function reasonOf({ reason, allowed }: FieldError): string {
  if (allowed === undefined) return reason;
  const text = allowedText(allowed);
  // Often the reason says it already.
  return reason.includes(text) ? reason : `${reason} (allowed: ${text})`;
}

function allowedText(allowed: unknown): string {
  if (Array.isArray(allowed)) return allowed.join(', ');
  if (typeof allowed !== 'object' || allowed === null) return String(allowed);
  const { minimum, maximum, ...rest } = allowed as { minimum?: number; maximum?: number };
  if (Object.keys(rest).length > 0) return JSON.stringify(allowed);
  if (minimum === undefined) return `at most ${maximum}`;
  return maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`;
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

function explanation(exitCode: ExitCode, message: string, details: readonly string[]): Explanation {
  const lines = [`evenkeel: ${message}`, ...details.map((line) => `  ${oneLine(line)}`)];
  return { text: `${lines.join('\n')}\n`, exitCode };
}
