import { type Client, createClient } from '@evenkeel/client/client.ts';
import { ConnectionError } from '@evenkeel/client/errors.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { type Paint, painter } from '../output/colour.ts';
import { type Column, table } from '../output/table.ts';
import { type Connection, findConnection } from './connection.ts';
import { fetchFor } from './fetch.ts';

/** What every action works with: the API, and the way to the terminal in the form that was asked for. */
export interface Session {
  readonly client: Client;
  /** For what comes bit by bit. */
  readonly connection: Connection;
  readonly io: Io;
  readonly paint: Paint;
  readonly form: 'text' | 'json' | 'quiet';
}

export async function withSession(call: Call, work: (session: Session) => Promise<void>): Promise<undefined> {
  const { io, common } = call;
  if (common.json && common.quiet) throw new CliFailure(EXIT.usage, 'give --json or --quiet, not both.');
  const connection = findConnection(common, io.env);
  const form = common.json ? 'json' : common.quiet ? 'quiet' : 'text';
  const session: Session = {
    client: createClient({ ...connection, fetch: await fetchFor(connection) }),
    connection,
    io,
    paint: painter(io),
    form,
  };
  try {
    await work(session);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    const { unreachable } = await import('./unreachable.ts');
    throw unreachable(error, new URL(connection.url).origin, common.home, io.env);
  }
  return undefined;
}

/** One answer in its three forms. */
export interface Answer {
  /** As the API gave it. */
  readonly json: unknown;
  readonly ids: readonly string[];
  text(): string;
}

export function print(session: Session, answer: Answer): void {
  session.io.out(formOf(session, answer));
}

function formOf({ form }: Session, { json, ids, text }: Answer): string {
  switch (form) {
    case 'json':
      return `${JSON.stringify(json, null, 2)}\n`;
    case 'quiet':
      return ids.map((id) => `${id}\n`).join('');
    case 'text':
      return text();
  }
}

export function printList<T>(
  session: Session,
  items: readonly T[],
  columns: readonly Column<T>[],
  id: (item: T) => string,
): void {
  print(session, { json: items, ids: items.map(id), text: () => table(columns, items, session.paint) });
}

/** Prints one object of the API; `text` makes it readable. */
export function printOne(session: Session, object: { readonly id: string }, text: () => string): void {
  print(session, { json: object, ids: [object.id], text });
}

/** A line for a person; scripts that asked for JSON or identifiers do not get it. */
export function say(session: Session, line: string): void {
  if (session.form === 'text') session.io.out(`${line}\n`);
}
