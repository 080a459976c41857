import { equal } from '../state/equal.ts';

/** Objects of documents with and without what goes without saying. */

export type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields that differ from those of `defaults`, one by one in objects inside; a field that has no default stays. Null
 * and lists are values like others.
 */
export function withoutDefaults(fields: Fields, defaults: Fields): Fields {
  const left: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fields)) {
    const standard = defaults[field];
    if (value === undefined || equal(value, standard)) continue;
    left[field] = isPlain(value) && hasFields(standard) ? withoutDefaults(value, standard) : value;
  }
  return left;
}

/** The other way round: what is not there has its default, also in objects inside. */
export function withDefaults(fields: Fields, defaults: Fields): Fields {
  const filled: Record<string, unknown> = { ...defaults };
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const standard = defaults[field];
    filled[field] = isPlain(value) && hasFields(standard) ? withDefaults(value, standard) : value;
  }
  return filled;
}

/** The defaults of a part of a resource, which its schema has; see `Part` in model/schema.ts. */
export function defaultsOf({ properties }: { readonly properties: object }): Fields {
  const defaults: Record<string, unknown> = {};
  for (const [field, schema] of Object.entries(properties)) {
    if ('default' in schema) defaults[field] = schema.default;
  }
  return defaults;
}

/** Tags have no default of their own, and any key: they are one value. */
function hasFields(standard: unknown): standard is Fields {
  return isPlain(standard) && Object.keys(standard).length > 0;
}

export function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
