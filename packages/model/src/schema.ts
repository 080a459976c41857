import {
  type Static,
  type TObject,
  type TOptional,
  type TProperties,
  type TSchema,
  type TUnsafe,
  Type,
} from './type.ts';

/** The few schema shapes that the resources are built of. They are plain JSON Schema 2020-12, as OpenAPI 3.1 wants it. */

/** One of a fixed list of words. */
export function Words<const T extends readonly string[]>(words: T, description: string): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...words], description });
}

/** The schema's value, or null. */
export function Nullable<T extends TSchema>(schema: T): TUnsafe<Static<T> | null> {
  const { type, enum: words, ...rest } = schema as T & { type?: string; enum?: readonly unknown[] };
  if (type === undefined) return Type.Unsafe<Static<T> | null>({ anyOf: [schema, { type: 'null' }] });
  return Type.Unsafe<Static<T> | null>({ ...rest, type: [type, 'null'], ...(words && { enum: [...words, null] }) });
}

/** A schema that stands under its own name in the API document. */
export function Ref<T extends TSchema>(schema: T): TUnsafe<Static<T>> {
  const { $id } = schema as T & { $id?: string };
  if ($id === undefined) throw new TypeError('only a named schema can be referred to');
  return Type.Unsafe<Static<T>>({ $ref: `${$id}#` });
}

/** What a client sends: a field that is not named here is refused. */
export function Input<P extends TProperties>(name: string, properties: P, description?: string): TObject<P> {
  return Type.Object(properties, { $id: name, additionalProperties: false, ...(description && { description }) });
}

/** What the server answers. Clients must accept fields that they do not know. */
export function Output<P extends TProperties>(name: string, properties: P, description?: string): TObject<P> {
  return Type.Object(properties, { $id: name, ...(description && { description }) });
}

/** A change: each field may be left out, and one that is left out stays as it is. */
export function Patch<P extends TProperties>(name: string, properties: P): TUnsafe<Partial<Static<TObject<P>>>> {
  const optional: Record<string, TSchema> = {};
  for (const [field, schema] of Object.entries(properties)) {
    const { default: _, ...rest } = schema as TSchema & { default?: unknown };
    optional[field] = rest as TSchema;
  }
  return Type.Unsafe<Partial<Static<TObject<P>>>>({
    $id: name,
    type: 'object',
    additionalProperties: false,
    properties: optional,
  });
}

/** The same properties, each of which may be left out. */
export function optional<P extends TProperties>(properties: P): { [K in keyof P]: TOptional<P[K]> } {
  const result: TProperties = {};
  for (const [field, schema] of Object.entries(properties)) result[field] = Type.Optional(schema);
  return result as { [K in keyof P]: TOptional<P[K]> };
}

/**
 * A value inside a resource, as the server answers it (`name`) and as a client sends it (`nameInput`): fields with a
 * default may be left out then; see `completed`.
 */
export function Part<P extends TProperties, D extends TProperties>(
  name: string,
  properties: P,
  defaulted: D,
): readonly [TObject<P & D>, TObject<P & { [K in keyof D]: TOptional<D[K]> }>] {
  return [
    Output(name, { ...properties, ...defaulted }),
    Input(`${name}Input`, { ...properties, ...optional(defaulted) }),
  ] as never;
}

/** What a client sent of a part, with the defaults of its schema where it says nothing. */
export function completed<T extends TObject>(part: T, input: object): Static<T> {
  const result: Record<string, unknown> = {};
  for (const [field, schema] of Object.entries(part.properties)) {
    const value = (input as Record<string, unknown>)[field];
    result[field] = value === undefined ? (schema as { default?: unknown }).default : value;
  }
  return result as Static<T>;
}

export const Timestamp = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} (RFC 3339, UTC)` });

/** What a number may be, as `limits.ts` has it. */
interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
}

export const Count = ({ minimum, maximum, default: standard }: Bounds, description: string) =>
  Type.Integer({ minimum, maximum, default: standard, description });

export const Seconds = (bounds: Bounds, description: string) => Count(bounds, `${description} In seconds.`);

export const Port = (description: string) => Type.Integer({ minimum: 1, maximum: 65535, description });

/** The custom format `ip` is an IPv4 or IPv6 literal; see address.ts. */
export const Address = (description: string) => Type.String({ format: 'ip', maxLength: 45, description });

/** The custom format `network` is an address or a CIDR block; see network.ts. */
export const Network = (description: string) => Type.String({ format: 'network', maxLength: 49, description });
