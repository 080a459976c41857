import type { OptionValues } from 'commander';
import { bodyOf, type Field } from '../commands/fields.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { print, printOne, type Session } from './session.ts';
import { settle } from './settle.ts';

/** Prints the answer to a write, then waits until it is applied, as the options say. */
export async function written(
  session: Session,
  object: { readonly id: string },
  message: string,
  operationId: string,
  options: OptionValues,
): Promise<void> {
  printOne(session, object, () => `${message}\n`);
  await settle(session, operationId, options);
}

/** For an answer that is about several objects. */
export async function writtenAll(
  session: Session,
  answer: { readonly operationId: string },
  objects: readonly { readonly id: string }[],
  message: string,
  options: OptionValues,
): Promise<void> {
  print(session, { json: answer, ids: objects.map(({ id }) => id), text: () => `${message}\n` });
  await settle(session, answer.operationId, options);
}

/** The changes that the options name; `extra` are those that are no plain fields. Without any, there is nothing to do. */
export function patchOf<T>(fields: readonly Field[], options: OptionValues, extra: Partial<T> = {}): T {
  const body = merged(bodyOf(fields, options), extra);
  if (Object.keys(body).length > 0) return body as T;
  throw new CliFailure(EXIT.usage, 'nothing to change: name at least one field, see --help.');
}

/** Both as one body: a field that is an object in both has the parts of both. */
export function merged(fields: Readonly<Record<string, unknown>>, extra: object): Record<string, unknown> {
  const body: Record<string, unknown> = { ...fields };
  for (const [field, value] of Object.entries(extra)) {
    const before = body[field];
    body[field] = isObject(before) && isObject(value) ? { ...before, ...value } : value;
  }
  return body;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `--if-match` as the API takes it: an entity tag is the generation in quotes (RFC 9110 §8.8.3). */
export function precondition({ ifMatch }: OptionValues): { ifMatch?: string } {
  return ifMatch === undefined ? {} : { ifMatch: `"${ifMatch as number}"` };
}
