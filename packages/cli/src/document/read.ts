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

/** What a document is a list of. */
const LISTS = ['securityGroups', 'vpcs', 'loadBalancers'] as const;

const NOUNS = { securityGroups: 'security group', vpcs: 'VPC', loadBalancers: 'load balancer' } as const;

/** A load balancer, a security group or a VPC as a file has it: the value for the API, and where it stands. */
export interface DocumentEntry {
  readonly list: (typeof LISTS)[number];
  readonly value: unknown;
  readonly place: Place;
}

/**
 * Reads what all files say, in order; `-` is standard input. A file holds YAML 1.2 documents (JSON is YAML), each a
 * mapping with the list `loadBalancers`, and `securityGroups` and `vpcs` if any. Throws a CliFailure that names file, line and field.
 */
export async function readDocuments(paths: readonly string[], io: Io): Promise<DocumentEntry[]> {
  const entries: DocumentEntry[] = [];
  for (const path of paths)
    entries.push(...parseDocuments(inputName(path), await readTextFile(path, io, LARGEST_FILE)));
  if (entries.some(({ list }) => list === 'loadBalancers')) return entries;
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
    if (!(LISTS as readonly string[]).includes(name))
      throw refuse(root.at(name), 'is not known here: a document has "loadBalancers", "securityGroups" and "vpcs"');
  }
  const lists = LISTS.filter((name) => contents.get(name) !== null && contents.get(name) !== undefined);
  for (const list of lists) {
    if (isSeq(contents.get(list))) continue;
    throw refuse(root.at(list), `is no list: put "-" before each ${NOUNS[list]}`);
  }
  if (lists.length === 0) return [];
  checkAliases(source);
  const values = toValues(source);
  return lists.flatMap((list) =>
    (values[list] as unknown[]).map((value, i) => ({ list, value, place: root.at(list).at(String(i)) })),
  );
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
