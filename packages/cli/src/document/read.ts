import type { ConfigurationDocument } from '@evenkeel/model/resources/document.ts';
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

/** What a document has lists of, and what each member is called. */
const NOUNS = {
  certificates: 'certificate',
  authorities: 'authority',
  securityPolicies: 'security policy',
  securityGroups: 'security group',
  elasticIps: 'elastic IP',
  vpcs: 'VPC',
  loadBalancers: 'load balancer',
} as const satisfies Record<Exclude<keyof ConfigurationDocument, 'dryRun'>, string>;
type List = keyof typeof NOUNS;
const LISTS = Object.keys(NOUNS) as readonly List[];

/** A member of one of the lists as a file has it: the value for the API, and where it stands. */
export interface DocumentEntry {
  readonly list: List | 'sealed';
  readonly value: unknown;
  readonly place: Place;
}

/**
 * Reads what all files say, in order; `-` is standard input. A file holds YAML 1.2 documents (JSON is YAML), each a
 * mapping with lists such as `loadBalancers`, and `sealed` if it is an export with keys. Throws a CliFailure that names
 * file, line and field.
 */
export async function readDocuments(paths: readonly string[], io: Io): Promise<DocumentEntry[]> {
  const entries: DocumentEntry[] = [];
  for (const path of paths)
    entries.push(...parseDocuments(inputName(path), await readTextFile(path, io, LARGEST_FILE)));
  if (entries.some(({ list }) => list !== 'sealed')) return entries;
  throw new CliFailure(EXIT.usage, `there is no configuration in ${paths.map(inputName).join(', ')}.`);
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
    if (name === 'sealed' || (LISTS as readonly string[]).includes(name)) continue;
    throw refuse(root.at(name), `is not known here: a document has ${LISTS.join(', ')}`);
  }
  const lists = LISTS.filter((name) => contents.get(name) !== null && contents.get(name) !== undefined);
  for (const list of lists) {
    if (isSeq(contents.get(list))) continue;
    throw refuse(root.at(list), `is no list: put "-" before each ${NOUNS[list]}`);
  }
  const sealed: DocumentEntry[] = contents.has('sealed')
    ? [{ list: 'sealed', value: contents.get('sealed'), place: root.at('sealed') }]
    : [];
  if (lists.length === 0) return sealed;
  checkAliases(source);
  const values = toValues(source);
  const members = lists.flatMap((list) =>
    (values[list] as unknown[]).map((value, i) => ({ list, value, place: root.at(list).at(String(i)) })),
  );
  return [...members, ...sealed];
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
