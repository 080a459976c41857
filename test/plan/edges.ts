import { namedSchemas } from '@evenkeel/model/contract/schemas.ts';

/** A field of a document, and other values that its schema speaks of: at the ends of its range, and of other characters. */
export interface Field {
  /** As `RuleInput.match` or, of a list, `JwtInput.algorithms[]`. */
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly edges: readonly unknown[];
}

interface Schema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** Of every class that a field may allow: controls, space, ASCII that has a meaning, Latin-1, C1, the BMP's end, beyond. */
const CHARACTERS = ['\t', '\n', ' ', '"', '%', '$', '~', '*', 'Z', '0', '\u0080', 'é', 'и', '\uffff', '😀', '\u007f'];

/** The fields that `value` has of those that the schema names, and the names of those that it lacks. */
export function fieldsOf(schema: object, value: unknown): { readonly fields: Field[]; readonly lacking: Set<string> } {
  const fields: Field[] = [];
  const known = new Set<string>();
  const seen = new Set<string>();
  const visit = (given: Schema, current: unknown, path: readonly (string | number)[], name: string) => {
    const resolved = resolve(given);
    if (Array.isArray(current)) {
      for (const [i, item] of current.entries()) visit(resolved.items!, item, [...path, i], `${name}[]`);
    } else if (resolved.properties !== undefined && typeof current === 'object' && current !== null) {
      for (const [field, inner] of Object.entries(resolved.properties)) {
        const inside = `${resolved.$id}.${field}`;
        known.add(inside);
        const next = (current as Readonly<Record<string, unknown>>)[field];
        if (next === undefined) continue;
        seen.add(inside);
        visit(inner, next, [...path, field], inside);
      }
    } else fields.push({ name, path, edges: edgesOf(resolved, current) });
  };
  visit(schema as Schema, value, [], '');
  return { fields, lacking: known.difference(seen) };
}

function resolve(schema: Schema): Schema {
  const one = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  if (one.$ref === undefined) return one;
  return namedSchemas.get(one.$ref.slice(0, -1)) as Schema;
}

function edgesOf({ enum: words, minimum, maximum, maxLength }: Schema, value: unknown): unknown[] {
  if (words !== undefined) return [...words];
  switch (typeof value) {
    case 'boolean':
      return [!value];
    case 'number':
      return [minimum, maximum];
    case 'string': {
      const longest = maxLength === undefined ? [] : ['a', '.', ...CHARACTERS].map((c) => padded(value, c, maxLength));
      return ['', ...longest, ...CHARACTERS.map((character) => `${value}${character}${value}`)];
    }
    default:
      return [];
  }
}

/** Lengths are of code points, as JSON Schema counts. */
function padded(text: string, character: string, length: number): string {
  return text + character.repeat(Math.max(0, length - [...text].length));
}

/** The document with another value in one place. The name of an object changes where it is referred to, too. */
export function replaced<T>(document: T, path: readonly (string | number)[], value: unknown): T {
  const old = path.reduce<unknown>(
    (inside, step) => (inside as Readonly<Record<string | number, unknown>>)[step],
    document,
  );
  const isName = path.at(-1) === 'name' && path.length === 3;
  const copy = (inside: unknown, at: readonly (string | number)[]): unknown => {
    if (at.length === path.length && at.every((step, i) => step === path[i])) return value;
    if (isName && inside === old) return value;
    if (Array.isArray(inside)) return inside.map((item, i) => copy(item, [...at, i]));
    if (typeof inside !== 'object' || inside === null) return inside;
    return Object.fromEntries(Object.entries(inside).map(([key, item]) => [key, copy(item, [...at, key])]));
  };
  return copy(document, []) as T;
}
