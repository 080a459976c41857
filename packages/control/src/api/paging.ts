import { PAGE } from '@evenkeel/model/limits.ts';
import { ProblemError } from '../problem.ts';

interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/**
 * One page of `all`, which must be in order of its keys. The cursor is the key of the last item: what is created or
 * deleted meanwhile moves no other item to another page.
 */
export function paginate<T, R>(
  all: Iterable<T>,
  query: PageQuery,
  keyOf: (item: T) => string,
  show: (item: T) => R,
): Page<R> {
  const { limit, after } = pageOf(query);
  const items: R[] = [];
  let last: string | null = null;
  for (const item of all) {
    const key = keyOf(item);
    if (after !== null && key <= after) continue;
    if (items.length === limit) return { items, nextCursor: encode(last!) };
    items.push(show(item));
    last = key;
  }
  return { items, nextCursor: null };
}

/** How many items the page has, and the key that it comes after. */
export function pageOf(query: PageQuery): { limit: number; after: string | null } {
  return { limit: query.limit ?? PAGE.default, after: query.cursor === undefined ? null : decode(query.cursor) };
}

export function encode(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

function decode(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (key !== '' && encode(key) === cursor) return key;
  throw new ProblemError('validation-failed', 'query cursor: is not a cursor of this API', {
    errors: [{ field: 'query cursor', reason: 'is not a cursor of this API', allowed: '`nextCursor` of a page' }],
  });
}
