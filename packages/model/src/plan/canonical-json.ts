/**
 * JSON of which there is exactly one per value: keys sorted by code unit, no white space, fields that are undefined
 * left out. For plain data: null, booleans, finite numbers, strings, arrays, objects. `remembered` knows the texts of
 * objects inside that never change.
 */
export function canonicalJson(value: unknown, remembered?: Remembered): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON`);
    return text;
  }
  // Every object of a large plan goes through here: texts are put together without arrays of their parts.
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value)
      text += text === '' ? canonicalJson(item, remembered) : `,${canonicalJson(item, remembered)}`;
    return `[${text}]`;
  }
  const known = remembered?.textOf(value);
  if (known !== undefined) return known;
  const record = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(record).sort()) {
    const field = record[key];
    if (field !== undefined) text += `${text === '' ? '' : ','}${nameOf(key)}:${canonicalJson(field, remembered)}`;
  }
  return `{${text}}`;
}

/** Names of fields as JSON. There are some hundreds; those of maps, such as tags, may be any. */
const names = new Map<string, string>();
const NAMES = 4_096;

function nameOf(key: string): string {
  const known = names.get(key);
  if (known !== undefined) return known;
  const text = JSON.stringify(key);
  if (names.size < NAMES) names.set(key, text);
  return text;
}

interface Remembered {
  /** The canonical JSON of an object, if it is one of those that are remembered. */
  textOf(value: object): string | undefined;
}
