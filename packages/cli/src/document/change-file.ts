import { parseDocument } from 'yaml';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { inputName, readTextFile } from '../input-file.ts';
import type { Io } from '../io.ts';

/** Bytes: more than the API takes. */
const LARGEST_FILE = 16 * 1024 * 1024;

/** Reads the body of a change set: one document of YAML 1.2 or JSON. Throws a CliFailure. */
export async function readChanges(path: string, io: Io): Promise<unknown> {
  const name = inputName(path);
  const document = parseDocument(await readTextFile(path, io, LARGEST_FILE), { merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw new CliFailure(EXIT.usage, `${name} is not valid YAML: ${error.message}`);
  const value: unknown = document.toJS();
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new CliFailure(EXIT.usage, `${name} is no mapping: it has "changes:", "loadBalancers:", or both.`);
}
