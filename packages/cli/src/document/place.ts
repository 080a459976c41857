import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type ParsedNode } from 'yaml';
import { fieldName } from '../explain.ts';

/** A document of a file. */
export interface Source {
  readonly file: string;
  readonly lines: LineCounter;
  readonly document: Document.Parsed<ParsedNode>;
}

/** A field or list item of a document; one that is not there is taken for the nearest that is. */
export class Place {
  readonly #source: Source;
  readonly #path: readonly string[];

  constructor(source: Source, path: readonly string[]) {
    this.#source = source;
    this.#path = path;
  }

  at(...steps: readonly string[]): Place {
    return new Place(this.#source, [...this.#path, ...steps]);
  }

  /** Such as `loadBalancers[0].name`. */
  get field(): string {
    return fieldName(this.#path.map((step) => `/${step}`).join(''));
  }

  /** Such as `web.yaml:12:5`. */
  get line(): string {
    const { file, lines } = this.#source;
    const { line, col } = lines.linePos(this.#offset());
    return `${file}:${line}:${col}`;
  }

  /** Of the key of a field, or of a list item, counted in characters of the file. */
  #offset(): number {
    const { document } = this.#source;
    let node: unknown = document.contents;
    let offset = document.contents?.range[0] ?? 0;
    for (const step of this.#path) {
      if (isAlias(node)) node = node.resolve(document);
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === step);
        if (pair === undefined) break;
        offset = startOf(pair.key) ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        offset = startOf(node) ?? offset;
      } else break;
    }
    return offset;
  }
}

function startOf(node: unknown): number | undefined {
  return (node as ParsedNode | null | undefined)?.range?.[0];
}
