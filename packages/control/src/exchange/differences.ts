import { EXCHANGE } from '@evenkeel/model/limits.ts';
import { targetKey } from '../resources/targets.ts';
import { equal } from '../state/equal.ts';
import { type Fields, isPlain } from './plain.ts';

/** Lists of documents whose members are known by what they are called, and not by their place. */
const BY_KEY: Readonly<Record<string, (member: never) => string>> = {
  targetGroups: nameOf,
  backendServices: nameOf,
  ruleGroups: nameOf,
  rules: nameOf,
  listeners: nameOf,
  subnets: nameOf,
  targets: targetKey,
};

/**
 * In what two full documents of an object differ, such as `listeners/http-80/idleTimeout`; the first of them, as many as
 * an answer shows. What `given` leaves open does not count.
 */
export function differencesOf(known: Fields, given: Fields): string[] {
  const found: string[] = [];
  collect(known, given, '', found);
  return found.slice(0, EXCHANGE.differences);
}

function collect(known: Fields, given: Fields, path: string, found: string[]): void {
  for (const [field, value] of Object.entries(given)) {
    const before = known[field];
    if (value === undefined || equal(before, value)) continue;
    const place = `${path}${field}`;
    const keyOf = BY_KEY[field];
    if (keyOf !== undefined && areKnownBy(keyOf, before) && areKnownBy(keyOf, value)) {
      collectByKey(before, value, keyOf, `${place}/`, found);
    } else if (isPlain(before) && isPlain(value)) collect(before, value, `${place}/`, found);
    else found.push(place);
  }
}

function collectByKey(
  known: readonly Fields[],
  given: readonly Fields[],
  keyOf: (member: never) => string,
  path: string,
  found: string[],
): void {
  const before = new Map(known.map((member) => [keyOf(member as never), member]));
  for (const member of given) {
    if (found.length >= EXCHANGE.differences) return;
    const key = keyOf(member as never);
    const other = before.get(key);
    before.delete(key);
    if (other === undefined) found.push(`${path}${key}`);
    else collect(other, member, `${path}${key}/`, found);
  }
  for (const key of before.keys()) found.push(`${path}${key}`);
}

/** The rules of a security group, for one, have no names. */
function areKnownBy(keyOf: (member: never) => string, value: unknown): value is readonly Fields[] {
  return Array.isArray(value) && value.every((member) => isPlain(member) && typeof keyOf(member as never) === 'string');
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
