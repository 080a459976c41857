import { readFileSync } from 'node:fs';

/** A message and the status that a client gets when it, or a target, sends that. */
export interface MessageCase {
  readonly name: string;
  readonly status: number;
  readonly input: Uint8Array;
}

type Part = string | { readonly repeat: string; readonly times: number };

/** Requests to a listener whose targets answer 200. */
export function requestCases(): MessageCase[] {
  return readCases('requests.json');
}

/** What a target sends for GET, and then ends the connection. */
export function responseCases(): MessageCase[] {
  return readCases('responses.json');
}

/** In the files, bytes are written as the characters of their numbers (Latin-1). */
function readCases(name: string): MessageCase[] {
  const file = new URL(`../fixtures/${name}`, import.meta.url);
  const cases = JSON.parse(readFileSync(file, 'utf8')) as { name: string; status: number; input: string | Part[] }[];
  return cases.map(({ name, status, input }) => ({
    name,
    status,
    input: Buffer.from([input].flat().map(textOf).join(''), 'latin1'),
  }));
}

function textOf(part: Part): string {
  return typeof part === 'string' ? part : part.repeat.repeat(part.times);
}
