/**
 * JSON of which there is exactly one per value: keys sorted by code unit, no white space, fields that are undefined
 * left out. For plain data: null, booleans, finite numbers, strings, arrays, objects. `remembered` knows the texts of
 * objects inside that never change.
 */
export function canonicalJson(value: unknown, remembered?: Remembered): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, remembered)).join(',')}]`;
  if (typeof value !== 'object' || value === null) {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON`);
    return text;
  }
  const known = remembered?.textOf(value);
  if (known !== undefined) return known;
  const record = value as Readonly<Record<string, unknown>>;
  const fields: string[] = [];
  for (const key of Object.keys(record).sort()) {
    if (record[key] !== undefined) fields.push(`${JSON.stringify(key)}:${canonicalJson(record[key], remembered)}`);
  }
  return `{${fields.join(',')}}`;
}

interface Remembered {
  /** The canonical JSON of an object, if it is one of those that are remembered. */
  textOf(value: object): string | undefined;
}
