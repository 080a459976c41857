import { contract, GENERATION_HEADER, OPERATION_HEADER, REPLAYED_HEADER } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import { namedSchemas } from '@evenkeel/model/contract/schemas.ts';
import { PROBLEM_MEDIA_TYPE } from '@evenkeel/model/problem.ts';

type Json = Record<string, unknown>;

/** The API as an OpenAPI 3.1 document, made from the contract. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [operationId, route] of Object.entries<Route>(contract)) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operation(operationId, route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Evenkeel',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'The API of the Evenkeel load balancer. Errors are problem details (RFC 9457); `code` is stable. Every write ' +
        'makes a generation of the configuration and an operation, which can be awaited until all nodes have applied it.',
    },
    tags: [...new Set(Object.values<Route>(contract).flatMap(({ tags }) => tags))].map((name) => ({ name })),
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries(Array.from(namedSchemas, ([name, schema]) => [name, component(schema)])),
    },
  };
}

function operation(operationId: string, route: Route): Json {
  const { summary, description, tags, body, status, response } = route;
  const writes = route.method !== 'GET';
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    tags,
    ...(route.public && { security: [] }),
    parameters: [...parameters('path', route.params), ...parameters('query', route.query), ...headers(route)],
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: component(body) } } } }),
    responses: {
      [status]: {
        description: 'Success',
        ...(writes && operationId !== 'forgetNode' && { headers: WRITE_HEADERS }),
        content: { [route.media ?? 'application/json']: { schema: component(response) } },
      },
      default: {
        description: 'Error',
        content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

const header = (description: string) => ({ description, schema: { type: 'string' } });
const WRITE_HEADERS = {
  [GENERATION_HEADER]: header('The generation of the configuration after this write.'),
  [OPERATION_HEADER]: header('The operation that applies it.'),
  [REPLAYED_HEADER]: header('`true`: this repeats the answer to an earlier request with the same key.'),
};

function headers({ ifMatch, idempotent }: Route): Json[] {
  const make = (name: string, description: string) => ({ name, in: 'header', required: false, ...header(description) });
  return [
    ...(ifMatch ? [make('If-Match', 'The ETag of the resource; 412 when it is no longer that one.')] : []),
    ...(idempotent ? [make('Idempotency-Key', 'Up to 128 characters; a repetition gets the first answer.')] : []),
  ];
}

function parameters(place: 'path' | 'query', schema: Route['params']): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = component(property) as { description?: string };
    return {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

/** The schema as it stands in the document: names are keys of `components`, and references point there. */
function component(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(component);
  if (typeof schema !== 'object' || schema === null) return schema;
  const result: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$id' || value === undefined) continue;
    if (key === '$ref') result[key] = `#/components/schemas/${String(value).slice(0, -1)}`;
    else result[key] = component(value);
  }
  return result;
}
