import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from './run.ts';
import { page, problem, ScriptedApi } from './scripted-api.ts';
import { OPERATION, operation, READ, WEB, withApi } from './scripted-balancer.ts';

const DUTY = { id: 'lb-1', duty: 'drained', generation: 7, operationId: OPERATION };
const PLACED = {
  ...{ id: 'lb-1', region: 'local', zone: 'rack-1', zoneKnown: true, duty: 'drained', count: 1 },
  drain: { state: 'draining', waitsFor: [], connections: 3, since: '2026-01-01T00:00:00.000Z', deadline: 'then' },
  loadBalancers: [{ id: WEB.id, name: 'web', tenantId: 'tnt-000000000000000000', state: 'leaving' }],
};

test('a drain is waited for, with its deadline', async () => {
  await using api = await ScriptedApi.start({
    'POST /v1/nodes/lb-1/drain': { body: DUTY },
    [`GET /v1/operations/${OPERATION}`]: operation('applied'),
  });
  const { out, exitCode } = await cli(['node', 'drain', 'lb-1', '--deadline', '600', '--force'], withApi(api));
  assert.deepEqual([exitCode, out], [0, 'Node lb-1 is being drained.\nApplied on 1 node.\n']);
  assert.deepEqual(api.bodies('POST /v1/nodes/lb-1/drain'), [{ deadline: 600, force: true }]);
});

test('the last node of a zone says why it is not drained', async () => {
  const refusal = problem('last-of-zone', 'no other node of zone rack-1 is online and takes load balancers');
  await using api = await ScriptedApi.start({ 'POST /v1/nodes/lb-1/drain': refusal });
  const { err, exitCode } = await cli(['node', 'drain', 'lb-1'], withApi(api));
  assert.deepEqual([exitCode, /no other node of zone rack-1/.test(err)], [4, true], err);
});

test('a node shows what it has and how far its drain is; a load balancer the nodes that have it', async () => {
  const nodes = [{ node: 'lb-1', zone: 'rack-1', state: 'leaving', online: true }];
  await using api = await ScriptedApi.start({
    ...READ,
    'GET /v1/nodes/lb-1': { body: { id: 'lb-1', zone: 'rack-1' } },
    'GET /v1/nodes/lb-1/placement': { body: PLACED },
    'GET /v1/rule-groups': page(),
    [`GET /v1/load-balancers/${WEB.id}/placement`]: { body: { id: WEB.id, nodes } },
  });
  const node = await cli(['node', 'show', 'lb-1'], withApi(api));
  assert.match(node.out, /It is being drained, in zone rack-1 of region local\.\n.*connections left: 3, until then\./);
  assert.match(node.out, /load balancers\n.*\n +web +lb-\w+ +tnt-0+ +leaving\n/);
  const shown = await cli(['lb', 'show', 'web'], withApi(api));
  assert.match(shown.out, /nodes\n.*\n +lb-1 +rack-1 +leaving\n/);
});

test('zones of a load balancer, and nodes in each, are flags; "none" takes them back', async () => {
  const path = `PATCH /v1/load-balancers/${WEB.id}`;
  await using api = await ScriptedApi.start({ ...READ, [path]: { body: { ...WEB, operationId: OPERATION } } });
  const words = ['lb', 'update', 'web', '--zones', 'rack-1,rack-2', '--nodes-per-zone', '2'];
  assert.equal((await cli(words, withApi(api))).exitCode, 0);
  await cli(['lb', 'update', 'web', '--zones', 'none', '--nodes-per-zone', 'none'], withApi(api));
  assert.deepEqual(api.bodies(path), [
    { zones: ['rack-1', 'rack-2'], nodesPerZone: 2 },
    { zones: [], nodesPerZone: null },
  ]);
});

test('a zone is made in a region', async () => {
  const zone = { id: 'zn-01m7y7pvpcamhyyt2b', name: 'rack-1', region: 'north', description: '' };
  await using api = await ScriptedApi.start({
    'POST /v1/zones': { status: 201, body: { ...zone, operationId: OPERATION } },
    'GET /v1/zones': page(zone),
  });
  const { out } = await cli(['zone', 'create', 'rack-1', '--region', 'north'], withApi(api));
  assert.equal(out, `Zone rack-1 (${zone.id}) created in region north.\n`);
  assert.deepEqual(api.bodies('POST /v1/zones'), [{ name: 'rack-1', region: 'north' }]);
  assert.match((await cli(['zone', 'list'], withApi(api))).out, /^NAME +REGION +ID +DESCRIPTION\nrack-1 +north +zn-/);
});

test('a load balancer where there is no node says so, though all nodes have acknowledged it', async () => {
  const made = { ...WEB, region: 'north', zones: ['rack-1', 'rack-2'], operationId: OPERATION };
  const placement = (nodes: object[]) => ({ body: { id: WEB.id, nodes } });
  const creating = async (nodes: object[], ...more: string[]) => {
    await using api = await ScriptedApi.start({
      ...READ,
      'POST /v1/load-balancers': { status: 201, body: made },
      [`GET /v1/load-balancers/${WEB.id}/placement`]: placement(nodes),
    });
    return (await cli(['lb', 'create', 'web', '--zones', 'rack-1,rack-2', ...more], withApi(api))).out;
  };
  const note = /Applied on 1 node\.\nIt is on none of them: no node of zones rack-1, rack-2 takes load balancers now/;
  assert.match(await creating([]), note);
  const there = [{ node: 'lb-1', zone: 'rack-1', state: 'placed', online: true }];
  assert.doesNotMatch(await creating(there), /on none/);
  assert.doesNotMatch(await creating([], '--no-wait'), /on none/, 'it is not known yet');
});
