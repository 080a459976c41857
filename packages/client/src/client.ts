import type { Contract, OperationName } from '@evenkeel/model/contract/contract.ts';
import type { BodyOf, ParamsOf, QueryOf, ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { ApiError, ConnectionError, UnexpectedAnswerError } from './errors.ts';
import { routes } from './routes.ts';
import type { AccessKey } from './sign.ts';

export interface ClientOptions {
  /** Origin of the control plane, such as `http://127.0.0.1:7700`. */
  readonly url: string;
  /** What says who calls: a token, or a key that requests are signed with. */
  readonly token?: string;
  readonly accessKey?: AccessKey;
  /** The tenant that all calls are about, by name or identifier; default: that of the token's user. */
  readonly tenant?: string;
  /** Milliseconds until a call without an answer fails; default 90,000: longer than the longest wait of the API. */
  readonly timeout?: number;
  /** What calls are made with; by default the built-in one. */
  readonly fetch?: (url: string, request: Request) => Promise<Answer>;
}

export interface Request {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/** What is asked of the answer to a call. */
export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

interface CallOptions {
  /** Ends the call early. */
  readonly signal?: AbortSignal;
}

type Required<Name extends string, T> = [T] extends [undefined] ? object : { readonly [N in Name]: T };
type Optional<Name extends string, T> = [T] extends [undefined] ? object : { readonly [N in Name]?: T };

/** What a call takes: `params` of the path, `query`, `body`, and the headers that its route knows. */
export type Arguments<K extends OperationName> = Required<'params', ParamsOf<K>> &
  Optional<'query', QueryOf<K>> &
  Required<'body', BodyOf<K>> &
  // An entity tag: `etagOf(resource)`.
  (Contract[K] extends { readonly ifMatch: true } ? { readonly ifMatch?: string } : object) &
  // One is made when there is none.
  (Contract[K] extends { readonly idempotent: true } ? { readonly idempotencyKey?: string } : object) &
  CallOptions;

/** The operations whose answer comes bit by bit: stream.ts calls them. */
export type StreamName = {
  [K in OperationName]: Contract[K] extends { readonly media: string } ? K : never;
}[OperationName];

/** A method for each other operation of the API; it resolves with the body of the answer, or rejects with an error of errors.ts. */
export type Client = {
  readonly [K in Exclude<OperationName, StreamName>]: object extends Arguments<K>
    ? (args?: Arguments<K>) => Promise<ResponseOf<K>>
    : (args: Arguments<K>) => Promise<ResponseOf<K>>;
};

interface AnyArguments extends CallOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly ifMatch?: string;
  readonly idempotencyKey?: string;
}

type AnyRoute = readonly [method: string, path: string, idempotent?: 'idempotent'];

export function createClient(options: ClientOptions): Client {
  const methods = Object.entries<AnyRoute>(routes).map(([name, route]) => [
    name,
    (args: AnyArguments = {}) => call(options, route, args),
  ]);
  return Object.fromEntries(methods) as Client;
}

async function call(options: ClientOptions, route: AnyRoute, args: AnyArguments): Promise<unknown> {
  const [method, path, idempotent] = route;
  const url = urlOf(options.url, path, args);
  const headers: Record<string, string> = {
    accept: 'application/json, application/problem+json',
    ...tenantField(options),
  };
  if (args.body !== undefined) headers['content-type'] = 'application/json';
  if (args.ifMatch !== undefined) headers['if-match'] = args.ifMatch;
  if (idempotent) headers['idempotency-key'] = args.idempotencyKey ?? crypto.randomUUID();
  const timeout = AbortSignal.timeout(options.timeout ?? 90_000);
  const signal = args.signal ? AbortSignal.any([args.signal, timeout]) : timeout;
  const body = args.body === undefined ? null : JSON.stringify(args.body);
  Object.assign(headers, await credentialFor(options, { method, url, headers, body }));

  let response: Answer;
  let text: string;
  try {
    response = await (options.fetch ?? fetch)(url, { method, headers, body, signal });
    text = await response.text();
  } catch (error) {
    args.signal?.throwIfAborted();
    throw new ConnectionError(url, error);
  }
  if (!response.ok) throw problemOf(url, response.status, text, response.headers.get('content-type'));
  return parse(url, response.status, text, response.headers.get('content-type'));
}

/** The field that says which tenant it is about; see the contract, which brings every schema with it. */
export function tenantField({ tenant }: Pick<ClientOptions, 'tenant'>): Record<string, string> {
  // A name may have letters that a header may not.
  return tenant === undefined ? {} : { 'evenkeel-tenant': encodeURIComponent(tenant) };
}

/** Fields that say who calls. Signing is loaded where it is used, and signs what is in `request` by then. */
export async function credentialFor(
  { token, accessKey }: Pick<ClientOptions, 'token' | 'accessKey'>,
  request: Omit<Request, 'signal'> & { readonly url: string },
): Promise<Record<string, string>> {
  if (accessKey === undefined) return token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { signatureFor } = await import('./sign.ts');
  return signatureFor(accessKey, request);
}

/** The error that an answer is which is no success. */
export function problemOf(url: string, status: number, text: string, type?: string | null): Error {
  const answer = parse(url, status, text, type);
  return isProblem(answer) ? new ApiError(answer) : new UnexpectedAnswerError(url, status, 'no problem details');
}

export function urlOf(origin: string, template: string, args: AnyArguments): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = args.params?.[name];
    if (!value) throw new TypeError(`${name} must not be empty`);
    return encodeURIComponent(value);
  });
  const url = new URL(path, origin);
  for (const [name, value] of Object.entries(args.query ?? {})) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url.href;
}

function parse(url: string, status: number, text: string, type?: string | null): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnexpectedAnswerError(url, status, `a body that is not JSON (${type ?? 'no content type'})`);
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && 'status' in value;
}
