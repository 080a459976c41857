import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract, type OperationName } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { IdKind } from '@evenkeel/model/id-kinds.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { type Inhabited, inhabit } from './everything.ts';
import { type ReferenceField, referenceFields, type Shape, sample } from './reference-fields.ts';
import { Running } from './running.ts';
import { SITE, upload } from './tls.ts';

const ROUTES = Object.entries<Route>(contract) as [OperationName, Route][];
const NOT_THERE = ['resource-not-found', 'reference-not-found'];
/** Nodes answer these, and not by anything that a tenant has; api-diagnosis.test.ts has what is kept back. */
const BY_REQUEST: readonly OperationName[] = ['getRequest'];
/** Of what belongs to the installation, and is there for all. */
const OF_ALL: readonly OperationName[] = ['getRegion', 'getZone'];

/** What was refused is on record as it was asked for, with what it named: the rest of the log is what has to be free of it. */
const QUERIES: Partial<Record<OperationName, Record<string, string>>> = {
  listAudit: { outcome: 'done' },
  exportAudit: { outcome: 'done' },
};

const kindOfParameter = (name: string) => name.replace(/Id$/, '') as IdKind;
const parametersOf = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
const paramsOf = ({ path }: Route, { ids }: Inhabited) =>
  Object.fromEntries(parametersOf(path).map((name) => [name, ids[kindOfParameter(name)]]));

/** Bodies that cannot be made from a schema: what is in them has to be right. */
const BODIES: Partial<Record<OperationName, object>> = {
  createCertificate: upload(SITE),
  updateCertificate: upload(SITE),
  createRule: { name: 'made', respond: { status: 404 } },
  setPassword: { password: 'a sentence of words' },
  createVpc: { name: 'made', cidrs: ['10.9.0.0/16'] },
  createSecurityGroup: { name: 'made', rules: [{ action: 'allow', source: '10.0.0.0/8' }] },
  createSecurityPolicy: { name: 'made', versions: ['1.3'], ciphers: ['TLS_AES_128_GCM_SHA256'] },
};

/** What a field can only be beside of. */
function besideOf({ ids, names }: Inhabited): (field: string) => object {
  const tls = {
    protocol: 'https',
    defaultCertificateIds: [ids.certificate],
    defaultCertificates: [names['certificate']],
  };
  const fields: Record<string, object> = {
    defaultCertificateIds: { protocol: 'https' },
    defaultCertificates: { protocol: 'https' },
    certificates: tls,
    securityPolicyId: tls,
    securityPolicy: tls,
    clientCertificates: tls,
    serverNames: { protocol: 'tcp' },
    mirror: { respond: { status: 404 } },
    backendServiceId: { protocol: 'http' },
    backendService: { protocol: 'http' },
    ruleGroupId: { protocol: 'http' },
    ruleGroup: { protocol: 'http' },
  };
  return (field) => fields[field] ?? {};
}

function bodyFor(
  name: OperationName,
  { body }: Route,
  own: Inhabited,
  field?: ReferenceField,
  value?: string,
): unknown {
  if (body === undefined) return undefined;
  if (field === undefined && BODIES[name] !== undefined) return BODIES[name];
  return sample(body as Shape, (kind) => own.ids[kind], field?.path, value, besideOf(own));
}

/** The listener that a field of a change goes with. */
function listenerFor(own: Inhabited, name: OperationName, field: ReferenceField): object {
  if (name !== 'updateListener') return {};
  const { protocol } = besideOf(own)(String(field.path[0])) as { protocol?: string };
  return protocol === 'https' || protocol === 'tcp' ? { listenerId: own.listeners[protocol] } : {};
}

/** Everything that a tenant has, as its administrator sees it. */
async function contentsOf(running: Running, { token, ids }: Inhabited): Promise<unknown> {
  const contents: Record<string, unknown> = {};
  for (const [name, route] of ROUTES) {
    if (
      !name.startsWith('list') ||
      route.reach === 'all' ||
      name === 'listRequests' ||
      name === 'listFlows' ||
      name === 'listTargetHealth'
    )
      continue;
    const params = Object.fromEntries(
      parametersOf(route.path).map((parameter) => [parameter, ids[kindOfParameter(parameter)]]),
    );
    contents[name] = (await running.call(name, { params, token })) as unknown;
  }
  return contents;
}

test('the fields that refer to others are found', () => {
  const found = ROUTES.flatMap(([name, { body }]) => {
    return referenceFields((body ?? {}) as Shape).map(({ path }) => `${name}/${path.join('/')}`);
  });
  assert.ok(found.length >= 65, `${found.length} fields`);
  for (const field of [
    'createListener/clientCertificates/authorityId',
    'createToken/userId',
    'applyConfiguration/loadBalancers/0/listeners/0/certificates/0/certificate',
    'replaceRules/rules/0/mirror/backendServiceId',
  ]) {
    assert.ok(found.includes(field), field);
  }
});

test('nothing of a tenant can be seen, changed or referred to by another', async (t) => {
  const running = await Running.start(t);
  const theirs = await inhabit(running, 'theirs');
  const own = await inhabit(running, 'own');
  const { token } = own;
  // A revision is known by a generation: a number, which may be anywhere.
  const theirIds = Object.values(theirs.ids).filter((id) => id.includes('-'));
  const before = await contentsOf(running, theirs);

  for (const [name, route] of ROUTES) {
    const parameters = parametersOf(route.path);
    await t.test(
      `${name}: what the path names is not there`,
      { skip: parameters.length === 0 || BY_REQUEST.includes(name) || OF_ALL.includes(name) },
      async () => {
        if (route.reach === 'all') return assertForbidden(name, theirs);
        // Each of the parameters by itself, the others right.
        for (const wrong of parameters) {
          const params = { ...paramsOf(route, own), [wrong]: theirs.ids[kindOfParameter(wrong)] };
          const { status, body } = await running.try(name, { params, token, body: bodyFor(name, route, own) });
          assert.equal(status, 404, `${wrong}: ${JSON.stringify(body)}`);
          assert.equal((body as Problem).code, 'resource-not-found');
        }
      },
    );

    await t.test(`${name}: what the query names is not there`, async () => {
      const { properties = {} } = (route.query ?? {}) as Shape;
      const params = paramsOf(route, own);
      for (const [field, schema] of Object.entries(properties)) {
        const [reference] = referenceFields({ properties: { [field]: schema } });
        if (reference === undefined) continue;
        const query = { [field]: theirs.ids[reference.kind] };
        const { body } = await running.try(name, { params, query, token });
        assertNothingOf(body, name, [query[field]!]);
      }
    });

    await t.test(
      `${name}: what the body refers to is not there`,
      { skip: route.body === undefined || route.public },
      async () => {
        if (route.reach === 'all') return;
        const params = paramsOf(route, own);
        for (const field of referenceFields(route.body as Shape)) {
          const wanted = [theirs.ids[field.kind], ...(field.byName ? [theirs.names[field.kind]!] : [])];
          for (const value of wanted) {
            const body = bodyFor(name, route, own, field, value);
            const answer = await running.try(name, {
              params: { ...params, ...listenerFor(own, name, field) },
              body,
              token,
            });
            const at = `${field.path.join('/')} of ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`;
            assert.ok(NOT_THERE.includes((answer.body as Problem).code), at);
          }
        }
      },
    );

    await t.test(
      `${name}: nothing of it is in the answer`,
      { skip: route.method !== 'GET' || BY_REQUEST.includes(name) },
      async () => {
        const query = QUERIES[name] ?? {};
        const { body } = await running.try(name, { params: paramsOf(route, own), query, token });
        assertNothingOf(body, name);
      },
    );
  }

  await t.test('the header names no tenant but the own', async () => {
    for (const [tenant, status] of [
      ['theirs', 422],
      [theirs.tenantId, 422],
      ['nobody', 422],
      ['own', 200],
      [own.tenantId, 200],
    ] as const) {
      const answer = await running.try('listListeners', { token, headers: { 'evenkeel-tenant': tenant } });
      assert.equal(answer.status, status, tenant);
      if (status === 422) assertNothingOf(answer.body, tenant, [theirs.tenantId]);
    }
  });

  assert.deepEqual(await contentsOf(running, theirs), before, 'after all that, the other tenant is as it was');

  async function assertForbidden(name: OperationName, other: Inhabited): Promise<void> {
    const route: Route = contract[name];
    const params = Object.fromEntries(
      parametersOf(route.path).map((parameter) => [parameter, other.ids[kindOfParameter(parameter)] ?? 'node-1']),
    );
    const { body } = await running.try(name, { params, token, body: bodyFor(name, route, own) });
    assert.equal((body as Problem).code, 'forbidden');
  }

  /** `given`: what the request said itself, which an error may repeat. */
  function assertNothingOf(body: unknown, name: string, given: readonly string[] = []): void {
    const text = JSON.stringify(body);
    for (const id of theirIds) if (!given.includes(id)) assert.ok(!text.includes(id), `${name} shows ${id}`);
    for (const theirName of Object.values(theirs.names))
      assert.ok(!text.includes(theirName), `${name} shows ${theirName}`);
    for (const id of given) {
      const { items = [] } = body as { items?: unknown[] };
      assert.deepEqual(items, [], `${name} finds ${id}`);
    }
  }
});

test('two tenants have objects of the same names, and addresses that differ', async (t) => {
  const running = await Running.start(t);
  for (const name of ['a', 'b']) await running.call('createTenant', { body: { name } });
  const listeners = [{ protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }] } }];
  const vips = new Set<string>();
  for (const tenant of ['a', 'b']) {
    const headers = { 'evenkeel-tenant': tenant };
    vips.add((await running.call('createLoadBalancer', { body: { name: 'web', listeners }, headers })).vip);
    await running.call('createUser', { body: { name: 'ann', role: 'viewer' }, headers });
    await running.call('createElasticIp', { body: { name: 'eip' }, headers });
    assert.equal((await running.refused('createElasticIp', { body: { name: 'eip' }, headers })).code, 'name-taken');
  }
  assert.equal(vips.size, 2);
  const [vip] = vips;
  const taken = await running.refused('createLoadBalancer', { body: { vip }, headers: { 'evenkeel-tenant': 'b' } });
  assert.equal(taken.code, 'address-taken');
  await running.restart();
  for (const tenant of ['a', 'b']) {
    const { items } = await running.call('listLoadBalancers', { headers: { 'evenkeel-tenant': tenant } });
    assert.deepEqual(
      items.map(({ name }) => name),
      ['web'],
    );
  }
  assert.deepEqual((await running.call('listLoadBalancers')).items, [], 'the tenant that is always there has none');
});
