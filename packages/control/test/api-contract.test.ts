import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RATE_LIMITS } from '@evenkeel/model/access-limits.ts';
import { contract, type OperationName } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import { ERRORS } from '@evenkeel/model/errors.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import type { TSchema } from 'typebox';
import { Validators } from '../src/api/validation.ts';
import { type Answer, Running } from './running.ts';
import { ROOT, SITE, upload } from './tls.ts';

const ROUTES = Object.entries<Route>(contract) as [OperationName, Route][];
const validators = new Validators();
const isProblem = validators.for({ $ref: 'Problem#' } as TSchema, 'body');

/** Checks that the answer is a problem of that code, complete and with its own media type. */
function assertProblem(answer: Answer, code: keyof typeof ERRORS, name: string): Problem {
  const problem = answer.body as Problem;
  assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8', name);
  isProblem(problem);
  assert.equal(problem.code, code, `${name}: ${problem.detail}`);
  assert.equal(answer.status, ERRORS[code].status, name);
  assert.equal(problem.requestId, answer.headers.get('request-id'), name);
  return problem;
}

/** An identifier of the right form that names nothing. */
function unknownId(parameter: string): string {
  const prefixes: Record<string, string> = {
    loadBalancerId: 'lb',
    listenerId: 'lsn',
    backendServiceId: 'svc',
    targetGroupId: 'tg',
    targetId: 'tgt',
    ruleGroupId: 'rg',
    ruleId: 'rul',
    elasticIpId: 'eip',
    certificateId: 'crt',
    authorityId: 'ca',
    securityPolicyId: 'pol',
    securityGroupId: 'sg',
    vpcId: 'vpc',
    subnetId: 'sub',
    operationId: 'op',
    joinTokenId: 'jt',
    backupId: 'bkp',
    tenantId: 'tnt',
    userId: 'usr',
    tokenId: 'tok',
    accessKeyId: 'ak',
    webhookId: 'whk',
    regionId: 'rgn',
    zoneId: 'zn',
    accessPolicyId: 'acp',
    sessionId: 'ses',
    changeSetId: 'cs',
  };
  if (parameter === 'revisionId') return '999999999';
  if (parameter === 'specification') return 'unheard-of';
  return parameter === 'nodeId' ? 'unknown' : `${prefixes[parameter]}-01hf7yat018zv6cc00`;
}

const parametersOf = (route: Route) => [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
const unknownParams = (route: Route) => Object.fromEntries(parametersOf(route).map((name) => [name, unknownId(name)]));

/** Bodies that are valid as such. */
const BODIES: Partial<Record<OperationName, unknown>> = {
  registerTargets: { targets: [{ address: '10.0.0.1' }] },
  updateTargets: { targets: [{ id: unknownId('targetId') }] },
  deregisterTargets: { targetIds: [unknownId('targetId')] },
  associateElasticIp: { loadBalancerId: unknownId('loadBalancerId') },
  createRule: { name: 'r', respond: { status: 404 } },
  setPassword: { password: 'a sentence of words' },
  replaceRules: { rules: [] },
};

/** Queries without which a route refuses all else. */
const QUERIES: Partial<Record<OperationName, Record<string, string>>> = {
  lookUpBlockedSource: { address: '192.0.2.1' },
  lookUpDeniedAddress: { address: '192.0.2.1' },
  explain: { listenerId: unknownId('listenerId') },
  checkAccess: { action: 'deleteListener' },
};
/** Routes that nodes answer, by identifiers that nobody gives out: api-diagnosis.test.ts has them. */
const ANSWERED_BY_NODES: readonly OperationName[] = ['getRequest'];

test('every route', async (t) => {
  // So many requests without a token that is known would be sent away.
  const running = await Running.start(t, { rateLimits: { ...DEFAULT_RATE_LIMITS, failuresPerSource: 100_000 } });
  for (const [name, route] of ROUTES) {
    if (route.public) continue;
    await t.test(name, async () => {
      const params = unknownParams(route);
      const body = route.body === undefined ? undefined : (BODIES[name] ?? {});
      const wrongTokens = [
        '',
        'Basic eDp5',
        'Bearer',
        'Bearer x',
        `Bearer ${running.nodeToken}`,
        `bearer ${running.adminToken}x`,
      ];
      for (const authorization of wrongTokens) {
        const answer = await running.try(name, { params, body, headers: { authorization } });
        assertProblem(answer, 'unauthenticated', `${name} ${authorization}`);
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
      }
      if (parametersOf(route).length > 0 && !ANSWERED_BY_NODES.includes(name)) {
        assertProblem(await running.try(name, { params, body }), 'resource-not-found', name);
        const malformed = Object.fromEntries(parametersOf(route).map((parameter) => [parameter, 'NOT_AN_ID']));
        const problem = assertProblem(await running.try(name, { params: malformed, body }), 'validation-failed', name);
        assert.match(problem.errors![0]!.field, /^path /);
      }
      const query = await running.try(name, { params, body, query: { ...QUERIES[name], nonsense: 1 } });
      const unknown = assertProblem(query, 'validation-failed', name);
      assert.deepEqual(
        unknown.errors!.map(({ field }) => field),
        ['query nonsense'],
      );
      await checkBodies(running, name, route, params);
    });
  }
});

async function checkBodies(running: Running, name: OperationName, route: Route, params: Record<string, string>) {
  if (route.method === 'GET') return;
  if (route.body === undefined) {
    assertProblem(await running.try(name, { params, body: { x: 1 } }), 'validation-failed', name);
    return;
  }
  assertProblem(await running.try(name, { params }), 'validation-failed', `${name} without a body`);
  for (const body of [[], 'text', 1, null]) {
    assertProblem(await running.try(name, { params, body }), 'validation-failed', `${name} ${JSON.stringify(body)}`);
  }
  const problem = assertProblem(await running.try(name, { params, body: { nonsense: 1 } }), 'validation-failed', name);
  const error = problem.errors!.find(({ field }) => field === '/nonsense');
  assert.equal(error?.reason, 'is not a field that is known here', name);
}

test('every route of an existing object answers with what the contract says', async (t) => {
  const running = await Running.start(t);
  const loadBalancer = await running.call('createLoadBalancer', {
    body: { name: 'a', listeners: [{ protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }] } }] },
  });
  const elasticIp = await running.call('createElasticIp', { body: {} });
  const loadBalancerId = loadBalancer.id;
  const ruleGroup = await running.call('createRuleGroup', { body: { loadBalancerId, name: 'r' } });
  const answer404 = { name: 'first', priority: 5, match: { methods: ['PUT'] }, respond: { status: 404 } };
  const rule = await running.call('createRule', { params: { ruleGroupId: ruleGroup.id }, body: answer404 });
  const [listener] = (await running.call('listListeners')).items;
  const [service] = (await running.call('listBackendServices')).items;
  const [group] = (await running.call('listTargetGroups')).items;
  const [target] = (await running.call('listTargets', { params: { targetGroupId: group!.id } })).items;
  const certificate = await running.call('createCertificate', { body: upload(SITE) });
  const authority = await running.call('createAuthority', { body: { certificates: ROOT.certificate } });
  const policy = { versions: ['1.3'], ciphers: ['TLS_AES_128_GCM_SHA256'] };
  const securityPolicy = await running.call('createSecurityPolicy', { body: { name: 'p', ...policy } });
  const rules = [{ action: 'allow', source: '0.0.0.0/0' }];
  const securityGroup = await running.call('createSecurityGroup', { body: { name: 'g', rules } });
  const vpc = await running.call('createVpc', { body: { name: 'v', cidrs: ['10.0.0.0/8'] } });
  const subnetBody = { vpcId: vpc.id, name: 's', cidr: '10.1.0.0/16' };
  const subnet = await running.call('createSubnet', { body: subnetBody });
  const specification = { name: 'small', connections: 1, connectionsPerSecond: 1, requestsPerSecond: null };
  const tenant = await running.call('createTenant', { body: { name: 'team' } });
  const user = await running.call('createUser', { body: { name: 'ann', role: 'viewer' } });
  const token = await running.call('createToken', { body: { userId: user.id } });
  const webhook = await running.call('createWebhook', { body: { name: 'hook', url: 'https://127.0.0.1:1/' } });
  const accessKey = await running.call('createAccessKey', { body: { userId: user.id } });
  const statements = [{ effect: 'deny' as const, actions: ['delete*'] }];
  const accessPolicy = await running.call('createAccessPolicy', { body: { name: 'no-deletion', statements } });
  const region = await running.call('createRegion', { body: { name: 'north' } });
  const zone = await running.call('createZone', { body: { name: 'north-1' } });
  const params = {
    regionId: region.id,
    zoneId: zone.id,
    accessKeyId: accessKey.id,
    webhookId: webhook.id,
    accessPolicyId: accessPolicy.id,
    tenantId: tenant.id,
    userId: user.id,
    tokenId: token.id,
    loadBalancerId: loadBalancer.id,
    listenerId: listener!.id,
    backendServiceId: service!.id,
    targetGroupId: group!.id,
    targetId: target!.id,
    elasticIpId: elasticIp.id,
    certificateId: certificate.id,
    authorityId: authority.id,
    securityPolicyId: securityPolicy.id,
    securityGroupId: securityGroup.id,
    vpcId: vpc.id,
    subnetId: subnet.id,
    specification: (await running.call('createSpecification', { body: specification })).id,
    ruleGroupId: ruleGroup.id,
    ruleId: rule.id,
    operationId: loadBalancer.operationId,
    backupId: (await running.call('createBackup', { body: {} })).id,
    changeSetId: (await running.call('createChangeSet', { body: { loadBalancers: [{ name: 'planned' }] } })).id,
    revisionId: (await running.call('listRevisions')).items[0]!.id,
  };
  const bodies: Partial<Record<OperationName, unknown>> = {
    createLoadBalancer: { name: 'b' },
    createListener: { loadBalancerId: loadBalancer.id, protocol: 'tcp', port: 81, service: {} },
    createBackendService: { loadBalancerId: loadBalancer.id, name: 's', protocol: 'tcp', port: 82, targets: [] },
    createTargetGroup: { loadBalancerId: loadBalancer.id, name: 'g' },
    registerTargets: { targets: [{ address: '::1', port: 1 }] },
    updateTargets: { targets: [{ id: target!.id, weight: 1 }] },
    deregisterTargets: { targetIds: [target!.id] },
    createRuleGroup: {
      loadBalancerId,
      name: 'r2',
      order: 'fall-through',
      rules: [{ name: 'a', respond: { status: 200 } }],
    },
    createRule: {
      name: 'second',
      match: { paths: [{ kind: 'prefix', value: '/x' }] },
      redirect: { protocol: 'https' },
    },
    replaceRules: { rules: [answer404] },
    createElasticIp: { name: 'e' },
    createCertificate: upload(SITE, { name: 'site' }),
    updateCertificate: upload(SITE),
    createAuthority: { name: 'root', certificates: ROOT.certificate },
    createSecurityPolicy: { name: 'q', ...policy },
    createSecurityGroup: { name: 'h', rules },
    createVpc: { name: 'w', cidrs: ['fd00::/48'] },
    createSpecification: { ...specification, name: 'tiny' },
    createSubnet: { ...subnetBody, name: 't', cidr: '10.2.0.0/16' },
    blockSources: { entries: [{ source: '192.0.2.1' }] },
    unblockSources: { sources: ['192.0.2.1'] },
    denySources: { entries: [{ source: '192.0.2.1' }] },
    removeFromDenyList: { sources: ['192.0.2.1'] },
    associateElasticIp: { loadBalancerId: loadBalancer.id },
    createTenant: { name: 'another' },
    updateQuotas: { quotas: { certificates: 500, elasticIps: null } },
    createUser: { name: 'bob', role: 'admin' },
    createToken: { userId: user.id },
    createAccessKey: { userId: user.id },
    createWebhook: { name: 'another-hook', url: 'http://[::1]:1/x?y=z' },
    createAccessPolicy: { name: 'another', statements },
    setPassword: { password: 'twelve letters' },
    exportSealedConfiguration: { passphrase: 'twelve letters' },
    applyConfiguration: { loadBalancers: [{ name: 'c' }] },
    createRegion: { name: 'south' },
    createZone: { name: 'south-1', region: 'south' },
  };
  const order = (name: OperationName) => (/^delete|^deregister|^disassociate/.test(name) ? 1 : 0);
  const skipped: OperationName[] = [
    // Nodes answer these.
    ...([
      'explain',
      'getRequest',
      'listRequests',
      'listFlows',
      'getListenerTraffic',
      'getBackendServiceTraffic',
      'getRuleGroupTraffic',
      'getHealthEvidence',
      'tryHealthCheck',
    ] as const),
    // Of whoever has logged in: api-sessions.test.ts.
    ...(['login', 'logout', 'getCurrentSession', 'changePassword'] as const),
    // Of an operation that is on its way: api-operations.test.ts.
    'cancelOperation',
    'retryOperation',
    'getNode',
    'forgetNode',
    // Of nodes, of which there is none: api-placement.test.ts.
    ...(['getNodePlacement', 'cordonNode', 'uncordonNode', 'drainNode'] as const),
    // Nodes join over TLS alone: api-nodes.test.ts.
    ...(['revokeNode', 'createJoinToken', 'getJoinToken', 'revokeJoinToken'] as const),
    // Its answer is lines: api-audit.test.ts has it.
    'exportAudit',
    'streamEvents',
    // What it answers with is no write: api-webhooks.test.ts has it.
    'testWebhook',
    'deregisterTargets',
    'deleteBackendService',
    'deleteTargetGroup',
  ];
  for (const [name, route] of ROUTES.toSorted(([a], [b]) => order(a) - order(b))) {
    if (skipped.includes(name) || name.startsWith('delete')) continue;
    const body = route.body === undefined ? undefined : (bodies[name] ?? {});
    const query: Record<string, string> = name === 'checkAccess' ? { action: 'deleteListener' } : (QUERIES[name] ?? {});
    const answer = await running.try(name, { params, query, body });
    assert.equal(answer.status, route.status, `${name}: ${JSON.stringify(answer.body)}`);
    validators.for(route.response, 'body')(answer.body);
    // Backups, lists of sources and plans are no configuration: what is done with them changes none, but for what carries
    // them out.
    if (route.method === 'GET' || ['backups', 'block list', 'deny list'].includes(route.tags[0])) continue;
    if (/^((create|plan)ChangeSet|export.*Configuration)$/.test(name)) continue;
    const written = answer.body as { operationId: string; updatedAt?: string; generation: number };
    assert.equal(answer.headers.get('evenkeel-operation'), written.operationId, name);
    assert.match(answer.headers.get('evenkeel-generation')!, /^\d+$/, name);
    if (written.updatedAt) assert.equal(answer.headers.get('etag'), `"${written.generation}"`, name);
  }
  for (const name of [
    'deleteListener',
    'deleteRule',
    'deleteRuleGroup',
    'deleteBackendService',
    'deleteTargetGroup',
    'deleteElasticIp',
    'deleteCertificate',
    'deleteAuthority',
    'deleteSecurityPolicy',
    'deleteSecurityGroup',
    'deleteSubnet',
    'deleteSpecification',
    'deleteLoadBalancer',
    'deleteToken',
    'deleteAccessKey',
    'deleteWebhook',
    'deleteAccessPolicy',
    'deleteUser',
    'deleteTenant',
    'deleteZone',
    'deleteRegion',
  ] as const) {
    const answer = await running.try(name, { params });
    assert.equal(answer.status, 200, name);
    validators.for(contract[name].response, 'body')(answer.body);
  }
});

test('what is not part of the API', async (t) => {
  const running = await Running.start(t);
  const headers = { authorization: `Bearer ${running.adminToken}`, 'content-type': 'application/json' };
  const send = (method: string, path: string, body?: string) =>
    running.send(method, path, { headers, ...(body !== undefined && { body }) });

  assertProblem(await send('GET', '/v1/nothing'), 'route-not-found', 'unknown path');
  assertProblem(await send('GET', '/v1/load-balancers/'), 'validation-failed', 'empty identifier');
  const put = await send('PUT', '/v1/load-balancers', '{}');
  assertProblem(put, 'method-not-allowed', 'PUT');
  assert.equal(put.headers.get('allow'), 'GET, POST, HEAD');
  assertProblem(await send('DELETE', '/v1/load-balancers'), 'method-not-allowed', 'DELETE');

  for (const body of [
    '{',
    '{"name":}',
    '{"a":1}x',
    '\u0000',
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{}}}',
  ]) {
    assertProblem(await send('POST', '/v1/load-balancers', body), 'malformed-request', body);
  }
  assertProblem(
    await send('POST', '/v1/load-balancers', `{"name":"${'x'.repeat(8 << 20)}"}`),
    'body-too-large',
    '8 MiB',
  );
  const form = { headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body: 'name=x' };
  assertProblem(await running.send('POST', '/v1/load-balancers', form), 'unsupported-media-type', 'a form');
  assertProblem(await send('GET', '/v1/load-balancers/%ff'), 'malformed-request', 'a path that is not UTF-8');
  assertProblem(await send('GET', '/v1/load-balancers?limit=x'), 'validation-failed', 'a limit that is no number');
});
