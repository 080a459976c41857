import { readFileSync } from 'node:fs';

/** A request and what a client gets for it from a listener whose targets answer 200. */
export interface RequestCase {
  readonly name: string;
  readonly status: number;
  readonly input: Uint8Array;
}

type Part = string | { readonly repeat: string; readonly times: number };

/** The cases of fixtures/requests.json: bytes are written as the characters of their numbers (Latin-1). */
export function requestCases(): RequestCase[] {
  const file = new URL('../fixtures/requests.json', import.meta.url);
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
