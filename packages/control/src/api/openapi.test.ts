import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract } from '@evenkeel/model/contract/contract.ts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from './openapi.ts';

const document = openApiDocument('1.2.3') as {
  openapi: string;
  paths: Record<
    string,
    Record<string, { operationId: string; summary: string; parameters: { name: string; in: string }[] }>
  >;
  components: { schemas: Record<string, object> };
};

/** Every value under a key, anywhere in the document. */
function* valuesOf(key: string, value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, child] of Object.entries(value)) {
    if (name === key) yield child;
    yield* valuesOf(key, child);
  }
}

test('every operation of the contract is in the document once', () => {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  assert.deepEqual(operations.map(({ operationId }) => operationId).toSorted(), Object.keys(contract).toSorted());
  for (const { summary } of operations) assert.ok(summary.length > 5);
});

test('every reference leads somewhere, and no name of the schemas is left in them', () => {
  const references = [...valuesOf('$ref', document)] as string[];
  assert.ok(references.length > 50);
  for (const reference of references) {
    const name = reference.replace('#/components/schemas/', '');
    assert.ok(Object.hasOwn(document.components.schemas, name), reference);
  }
  assert.deepEqual([...valuesOf('$id', document)], []);
});

test('every named schema is used', () => {
  const used = new Set([...valuesOf('$ref', document)].map((reference) => String(reference).split('/').at(-1)));
  assert.deepEqual(
    Object.keys(document.components.schemas).filter((name) => !used.has(name)),
    [],
  );
});

test('every parameter of a path is declared, and every schema is one of JSON Schema 2020-12', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters } of Object.values(operations)) {
      assert.deepEqual(
        parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
        names,
        path,
      );
    }
  }
  const ajv = new Ajv2020({ strict: false });
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    assert.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`);
  }
});

test('the document is the same each time', () => {
  assert.equal(JSON.stringify(openApiDocument('1.2.3')), JSON.stringify(document));
});
