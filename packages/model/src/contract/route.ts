import type { Reach, Role } from '../access.ts';
import { PAGE, TAGS } from '../limits.ts';
import { Name } from '../resources/attributes.ts';
import { Nullable, Ref } from '../schema.ts';
import { type TSchema, Type } from '../type.ts';

/** One call of the API. Server, API document and client are all made of these. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Parameters in braces, as in OpenAPI. */
  readonly path: string;
  readonly summary: string;
  /** More than the summary says; Markdown. */
  readonly description?: string;
  readonly tags: readonly [string];
  /** Each takes an object schema with a property per name. */
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** The status and body of success. */
  readonly status: 200 | 201;
  readonly response: TSchema;
  /** The answer comes bit by bit, as this media type; `response` is one line, or the data of one event, of it. */
  readonly media?: 'application/x-ndjson' | 'text/event-stream';
  /** Takes an `If-Match` header: 412 when the resource is no longer that one. */
  readonly ifMatch?: true;
  /** Takes an `Idempotency-Key` header: a repetition gets the first answer. */
  readonly idempotent?: true;
  /** The least role that may call it; without it, `viewer` for what reads and `operator` for what writes. */
  readonly role?: Role;
  /** Takes no credential. */
  readonly public?: true;
  /** `all`: for those alone whose role reaches every tenant. */
  readonly reach?: Reach;
}

/** The least role that may call the route. */
export function roleFor({ method, role }: Pick<Route, 'method' | 'role'>): Role {
  return role ?? (method === 'GET' ? 'viewer' : 'operator');
}

const pageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: PAGE.minimum,
      maximum: PAGE.maximum,
      default: PAGE.default,
      description: 'Objects in one answer.',
    }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: '`nextCursor` of the answer before.' })),
};

/** Query of a list: page and filters. */
export function ListQuery<P extends Record<string, TSchema>>(filters: P) {
  return Type.Object({ ...pageQuery, ...filters }, { additionalProperties: false });
}

export const NameFilter = Type.Optional(Type.String({ ...Name, description: 'Only the object with this name.' }));

export const TagFilter = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: TAGS.keyLength + 1 + TAGS.valueLength,
    description: 'Only those with this tag: `key=value`, or `key` with any value.',
  }),
);

/** One page: objects in order of creation; an object created or deleted meanwhile moves no other. */
export function Page<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(Ref(item)),
    nextCursor: Nullable(Type.String({ description: 'Where the next page begins; null: this is the last.' })),
  });
}

export const NoQuery = Type.Object({}, { additionalProperties: false });
