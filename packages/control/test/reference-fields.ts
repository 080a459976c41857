import { namedSchemas } from '@evenkeel/model/contract/schemas.ts';
import { ID_PREFIXES, type IdKind } from '@evenkeel/model/id-kinds.ts';

/** A JSON schema as far as the bodies of the API use it. */
export interface Shape {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** A place in a body that names another object. */
export interface ReferenceField {
  /** Names of fields; a number is the element of a list. */
  readonly path: readonly (string | number)[];
  readonly kind: IdKind;
  /** Whether names are understood as well as identifiers. */
  readonly byName: boolean;
}

/** Longer texts are no names. */
const NAME_LENGTH = 200;
const KINDS = Object.keys(ID_PREFIXES) as IdKind[];
/** What belongs to no tenant: its names are for all. */
const OF_ALL: readonly IdKind[] = ['region', 'zone'];
/** What documents call a reference: the kind, or several of it. */
const WORDS = new Map(
  KINDS.filter((kind) => !OF_ALL.includes(kind)).flatMap((kind) => {
    const plural = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
    return [kind, plural, `default${plural[0]!.toUpperCase()}${plural.slice(1)}`].map((word) => [word, kind] as const);
  }),
);

/** Every place in bodies of this schema that names another object, however deep. */
export function referenceFields(schema: Shape, path: ReferenceField['path'] = [], word = ''): ReferenceField[] {
  const shape = resolved(schema);
  if (shape.anyOf) return shape.anyOf.flatMap((part) => referenceFields(part, path, word));
  if (shape.items) return referenceFields(shape.items, [...path, 0], word);
  if (shape.properties) {
    return Object.entries(shape.properties).flatMap(([name, part]) => referenceFields(part, [...path, name], name));
  }
  const kind = kindOf(shape);
  if (kind !== undefined) return [{ path, kind, byName: false }];
  const meant =
    [shape.type].flat().includes('string') && shape.enum === undefined && (shape.maxLength ?? 0) <= NAME_LENGTH
      ? WORDS.get(word)
      : undefined;
  return meant === undefined ? [] : [{ path, kind: meant, byName: true }];
}

/** The schema that a reference stands for; an optional value is the value. */
export function resolved(schema: Shape): Shape {
  return schema.$ref === undefined ? schema : (namedSchemas.get(schema.$ref.slice(0, -1)) as Shape);
}

/** What kind of identifier the schema takes. */
export function kindOf({ pattern }: Shape): IdKind | undefined {
  return KINDS.find((kind) => pattern?.includes(`${ID_PREFIXES[kind]}-[`));
}

/**
 * The least value of the schema: what is required and nothing else. `idOf` gives the identifiers; names are unlike any
 * other. Lists have as many elements as they must, one at least where `path` leads through them, and what is at its end
 * is `value`; `beside` gives what goes with a field that it leads through.
 */
export function sample(
  schema: Shape,
  idOf: (kind: IdKind) => string,
  path: ReferenceField['path'] = [],
  value?: unknown,
  beside: (field: string) => object = () => ({}),
): unknown {
  if (path.length === 0 && value !== undefined) return value;
  const shape = resolved(schema);
  const [next, ...rest] = path;
  if (shape.anyOf)
    return sample(shape.anyOf.find((part) => resolved(part).type !== 'null')!, idOf, path, value, beside);
  if (shape.items) {
    if (next !== undefined) return [sample(shape.items, idOf, rest, value, beside)];
    return Array.from({ length: shape.minItems ?? 0 }, () => sample(shape.items!, idOf));
  }
  if (shape.properties) {
    const names = new Set([...(shape.required ?? []), ...(next === undefined ? [] : [String(next)])]);
    const made = Object.fromEntries(
      [...names].map((name) => {
        const onPath = name === next;
        return [name, sample(shape.properties![name]!, idOf, onPath ? rest : [], onPath ? value : undefined, beside)];
      }),
    );
    const known = Object.entries(beside(String(next))).filter(([name]) => Object.hasOwn(shape.properties!, name));
    return { ...made, ...Object.fromEntries(known) };
  }
  return plain(shape, idOf);
}

let made = 0;

function plain(shape: Shape, idOf: (kind: IdKind) => string): unknown {
  const kind = kindOf(shape);
  if (kind !== undefined) return idOf(kind);
  if (shape.enum) return shape.enum[0];
  switch ([shape.type].flat()[0]) {
    case 'integer':
    case 'number':
      return (shape.minimum ?? 0) + 7_000 + made++;
    case 'boolean':
      return true;
    default:
      return shape.format === 'ip' || shape.format === 'network'
        ? '10.0.0.7'
        : `made-${made++}`.padEnd(shape.minLength ?? 0, '-');
  }
}
