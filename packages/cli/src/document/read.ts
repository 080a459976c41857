import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseAllDocuments, visit } from 'yaml';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { inputName, readTextFile } from '../input-file.ts';
import type { Io } from '../io.ts';
import { Place, type Source } from './place.ts';

/** Bytes of one file. */
const LARGEST_FILE = 16 * 1024 * 1024;
/** Errors that are shown of one file; one mistake in YAML makes several. */
const SHOWN = 5;

/** A load balancer as a file has it: the value for the API, and where it stands. */
export interface DocumentEntry {
  readonly value: unknown;
  readonly place: Place;
}

/**
 * Reads the load balancers of all files, in order; `-` is standard input. A file holds YAML 1.2 documents (JSON is
 * YAML), each a mapping with the list `loadBalancers`. Throws a CliFailure that names file, line and field.
 */
export async function readDocuments(paths: readonly string[], io: Io): Promise<DocumentEntry[]> {
  const entries: DocumentEntry[] = [];
  for (const path of paths)
    entries.push(...parseDocuments(inputName(path), await readTextFile(path, io, LARGEST_FILE)));
  if (entries.length > 0) return entries;
  throw new CliFailure(EXIT.usage, `there is no load balancer in ${paths.map(inputName).join(', ')}.`);
}

export function parseDocuments(file: string, text: string): DocumentEntry[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments<ParsedNode>(text, { lineCounter: lines, merge: true, prettyErrors: false });
  if (!Array.isArray(documents)) return [];
  const errors = documents.flatMap((document) => document.errors);
  if (errors.length > 0) {
    const details = errors.slice(0, SHOWN).map(({ pos: [offset], message }) => {
      const { line, col } = lines.linePos(offset);
      return `${file}:${line}:${col}: ${message}`;
    });
    throw new CliFailure(EXIT.usage, `${file} is not valid YAML; nothing was changed:`, details);
  }
  return documents.flatMap((document) => entriesOf({ file, lines, document }));
}

function entriesOf(source: Source): DocumentEntry[] {
  const { document } = source;
  const root = new Place(source, []);
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return [];
  if (!isMap(contents)) throw refuse(root, 'is no mapping: a document begins with "loadBalancers:"');
  for (const { key } of contents.items) {
    const name = String(key);
    if (name !== 'loadBalancers')
      throw refuse(root.at(name), 'is not known here: a document has "loadBalancers" alone');
  }
  const list = contents.get('loadBalancers');
  if (list === null || list === undefined) return [];
  const place = root.at('loadBalancers');
  if (!isSeq(list)) throw refuse(place, 'is no list: put "-" before each load balancer');
  checkAliases(source);
  const values = toValues(source).loadBalancers as unknown[];
  return values.map((value, i) => ({ value, place: place.at(String(i)) }));
}

/** An alias means an anchor before it in the same document (YAML 1.2.2 §7.1). */
function checkAliases({ file, lines, document }: Source): void {
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      const { line, col } = lines.linePos(alias.range?.[0] ?? 0);
      throw new CliFailure(
        EXIT.usage,
        `${file}:${line}:${col}: there is no anchor &${alias.source} before this alias.`,
      );
    },
  });
}

function toValues({ document, file }: Source): Record<string, unknown> {
  try {
    return document.toJS() as Record<string, unknown>;
  } catch (error) {
    // Aliases that multiply beyond reason.
    throw new CliFailure(EXIT.usage, `${file}: ${(error as Error).message}.`);
  }
}

function refuse(place: Place, reason: string): CliFailure {
  return new CliFailure(EXIT.usage, `${place.line}: ${place.field || 'the document'} ${reason}.`);
}
