import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { contract, type OperationName } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import { ERRORS, type ErrorCode } from '@evenkeel/model/errors.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import { openApiDocument } from '../src/api/openapi.ts';
import { Running } from './running.ts';

/** What the tests of the API leave out, found by the contract and by what the tests name. */

const ROUTES = Object.entries<Route>(contract) as [OperationName, Route][];
const PACKAGE = join(import.meta.dirname, '..');

function sourcesOf(folder: string, wanted: (file: string) => boolean): string {
  return readdirSync(join(PACKAGE, folder), { recursive: true, encoding: 'utf8' })
    .filter(wanted)
    .map((file) => readFileSync(join(PACKAGE, folder, file), 'utf8'))
    .join('\n');
}

const own = (file: string) => file.endsWith('api-contract-coverage.test.ts');
const TESTS = ['src', 'test']
  .map((folder) => sourcesOf(folder, (file) => /\.(test|cases)\.ts$/.test(file) && !own(file)))
  .join('\n')
  .replace(/^import .*$/gm, '');

test('every error of the catalogue is provoked by a test', () => {
  // They need a server that breaks its own promises, or a whole machine; tests of their parts have them.
  const elsewhere: readonly ErrorCode[] = ['internal'];
  const missing = (Object.keys(ERRORS) as ErrorCode[]).filter(
    (code) => !elsewhere.includes(code) && !new RegExp(`[^\\w-]${code}[^\\w-]`).test(TESTS),
  );
  assert.deepEqual(missing, []);
});

/** The operations that the walk over all of them leaves to other tests. */
function leftOut(): OperationName[] {
  const walk = readFileSync(join(import.meta.dirname, 'api-contract.test.ts'), 'utf8');
  const [, list = ''] = /const skipped: OperationName\[\] = \[([\s\S]*?)\n {2}\];/.exec(walk) ?? [];
  return Array.from(list.matchAll(/'(\w+)'/g), ([, name]) => name as OperationName);
}

test('every operation that the walk over all of them leaves out is called by another test', () => {
  const names = leftOut();
  assert.ok(names.length > 10 && names.length < ROUTES.length / 3);
  const others = sourcesOf('test', (file) => file.endsWith('.ts') && !/^api-contract/.test(file));
  assert.deepEqual(
    names.filter((name) => !others.includes(`'${name}'`) && !others.includes(`'${contract[name].path}'`)),
    [],
  );
});

test('the API document has every route once, with its success, and problems for all else', () => {
  const paths = openApiDocument('1').paths as Record<string, Record<string, Record<string, unknown>>>;
  const described = Object.values(paths).flatMap((methods) => Object.values(methods));
  assert.deepEqual(described.map(({ operationId }) => operationId).sort(), ROUTES.map(([name]) => name).sort());
  for (const [name, route] of ROUTES) {
    const operation = paths[route.path]![route.method.toLowerCase()]!;
    assert.deepEqual(Object.keys(operation['responses'] as object).sort(), [String(route.status), 'default'], name);
  }
});

/** Lists that come whole, and why they have a bound. */
const WHOLE: Partial<Record<OperationName, string>> = {
  listQuotas: 'one for each quota there is',
  updateQuotas: 'the same',
  listCiphers: 'those of OpenSSL',
};

const itemsOf = ({ response }: Route) =>
  (response as unknown as { properties?: { items?: { type?: string }; nextCursor?: unknown } }).properties;

test('every list is paged: it takes a limit and a cursor, and is bounded without them', async (t) => {
  const running = await Running.start(t);
  for (let i = 0; i < 3; i++) await running.call('createElasticIp', { body: {} });
  let lists = 0;
  for (const [name, route] of ROUTES) {
    const properties = itemsOf(route);
    const isPage = properties?.items?.type === 'array' && properties.nextCursor !== undefined;
    if (route.method === 'GET' && name.startsWith('list') && WHOLE[name] === undefined) {
      const query = (route.query as { properties?: Record<string, { maximum?: number }> } | undefined)?.properties;
      assert.ok(query?.['limit'] !== undefined, `${name} takes no limit`);
      assert.ok(Number(query['limit'].maximum) <= PAGE.maximum, `${name} has no bound`);
    }
    if (!isPage) continue;
    lists++;
    const params = Object.fromEntries([...route.path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => [parameter!, '']));
    if (Object.keys(params).length > 0) continue;
    for (const limit of [0, PAGE.maximum + 1, 'x']) {
      const problem = await running.refused(name, { query: { limit } });
      assert.deepEqual([problem.code, problem.errors![0]!.field], ['validation-failed', 'query limit'], name);
    }
    const answer = await running.try(name, { query: { limit: 1 } });
    if (answer.status !== 200) continue;
    const { items, nextCursor } = answer.body as { items: unknown[]; nextCursor: string | null };
    assert.ok(items.length <= 1, name);
    if (nextCursor === null) continue;
    const next = await running.try(name, { query: { limit: 1, cursor: nextCursor } });
    assert.equal(next.status, 200, name);
    assert.notDeepEqual((next.body as { items: unknown[] }).items, items, `${name} goes on`);
  }
  assert.ok(lists > 20);
});
