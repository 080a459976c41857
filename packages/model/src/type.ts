import type { TSchema, Type as Typebox } from 'typebox';

export type { Static, TObject, TOptional, TProperties, TSchema, TUnsafe } from 'typebox';

/** The builders of typebox that the resources are made with. */
type Builders = Pick<
  typeof Typebox,
  'Array' | 'Boolean' | 'Integer' | 'Number' | 'Object' | 'Optional' | 'String' | 'Unknown' | 'Unsafe'
>;

type Json = Readonly<Record<string, unknown>>;

/** Schemas of fields that may be left out. JSON Schema says that at the object around them. */
const optional = new WeakSet<object>();

const plain = (type: string) => (options: Json) => ({ type, ...options });

/**
 * Builders of schemas with the types of typebox. What they make is plain JSON Schema: the library has part in the
 * checking of types alone, and none of its 370 files is loaded, neither by the control plane nor by each command.
 */
export const Type = {
  Array: (items: TSchema, options: Json) => ({ type: 'array', items, ...options }),
  Boolean: plain('boolean'),
  Integer: plain('integer'),
  Number: plain('number'),
  Object(properties: Record<string, TSchema>, options: Json) {
    const required = Object.keys(properties).filter((field) => !optional.has(properties[field]!));
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
  },
  Optional(schema: TSchema) {
    const copy = { ...schema };
    optional.add(copy);
    return copy;
  },
  String: plain('string'),
  Unknown: (options: Json) => ({ ...options }),
  Unsafe: (schema: TSchema) => ({ ...schema }),
} as unknown as Builders;
