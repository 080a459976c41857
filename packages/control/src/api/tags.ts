/** Whether an object has the tag that a list is asked for: `key=value`, or `key` with any value. */
export function hasTag(tags: Readonly<Record<string, string>>, wanted: string | undefined): boolean {
  if (wanted === undefined || Object.hasOwn(tags, wanted)) return true;
  const [key, ...value] = wanted.split('=');
  return value.length > 0 && Object.hasOwn(tags, key!) && tags[key!] === value.join('=');
}
