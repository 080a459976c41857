import type { Deleted } from '@evenkeel/model/resources/operation.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { print, type Session } from './session.ts';
import { settle } from './settle.ts';

interface Removal<T> {
  readonly noun: string;
  find(text: string): Promise<T>;
  /** For the question on a terminal. */
  describe(object: T): Promise<string>;
  remove(object: T): Promise<Deleted>;
}

/**
 * Deletes everything that the arguments name, one after the other, and waits for the last. All are looked up before the
 * first is deleted, so that a slip of the pen deletes nothing.
 */
export async function removeAll<T extends { readonly id: string; readonly name: string }>(
  session: Session,
  call: Call,
  { noun, find, describe, remove }: Removal<T>,
): Promise<void> {
  const texts = call.args[0] as readonly string[];
  if (call.options.ifMatch !== undefined && texts.length > 1) {
    throw new CliFailure(EXIT.usage, '--if-match is for one object: name one.');
  }
  const objects: T[] = [];
  for (const text of new Set(texts)) {
    const object = await find(text);
    if (!objects.some(({ id }) => id === object.id)) objects.push(object);
  }
  if (mustAsk(session.io, call)) {
    const lines = await Promise.all(objects.map(async (object) => `  ${await describe(object)}`));
    await confirm(session.io, `Delete ${noun}\n${lines.join('\n')}`);
  }
  const answers: Deleted[] = [];
  const lines: string[] = [];
  try {
    for (const object of objects) {
      answers.push(await remove(object));
      lines.push(`${capital(noun)} ${object.name} (${object.id}) deleted.\n`);
    }
  } finally {
    // What is gone is gone, even when a later one is refused.
    print(session, {
      json: objects.length === 1 && answers.length === 1 ? answers[0] : answers,
      ids: answers.map(({ id }) => id),
      text: () => lines.join(''),
    });
  }
  const last = answers.at(-1);
  // What nodes know nothing of has no option to wait for them.
  if (last !== undefined && call.options.timeout !== undefined) await settle(session, last.operationId, call.options);
}

/** Only a person at a terminal can be asked. */
export function mustAsk(io: Io, { options }: Pick<Call, 'options'>): boolean {
  return io.inIsTerminal && io.errIsTerminal && options.yes !== true;
}

/** Throws unless the answer is yes. */
export async function confirm(io: Io, question: string): Promise<void> {
  const answer = await io.ask(`${question}\nGo on? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliFailure(EXIT.failed, 'nothing was changed.');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
