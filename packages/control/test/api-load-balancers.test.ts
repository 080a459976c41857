import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '@evenkeel/model/plan/canonical-json.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { shop } from './shop.ts';
import { SITE, upload } from './tls.ts';

/** What nodes say, and what each load balancer has for itself. */
const HIDDEN = new Set(['addresses', 'cookieName', 'nodes', 'status']);

/** Everything of a load balancer, with names in place of identifiers. */
async function contentsOf(running: Running, loadBalancerId: string) {
  const query = { loadBalancerId };
  const { items: services } = await running.call('listBackendServices', { query });
  const { items: groups } = await running.call('listTargetGroups', { query });
  const { items: ruleGroups } = await running.call('listRuleGroups', { query });
  const { items: listeners } = await running.call('listListeners', { query });
  const names = new Map([...services, ...groups, ...ruleGroups].map(({ id, name }) => [id, name]));
  const parts: unknown[] = [services, groups, ruleGroups, listeners];
  for (const { id } of groups) parts.push((await running.call('listTargets', { params: { targetGroupId: id } })).items);
  for (const { id } of ruleGroups) parts.push((await running.call('listRules', { params: { ruleGroupId: id } })).items);
  const own = new Set(['id', 'loadBalancerId', 'targetGroupId', 'ruleGroupId', 'generation', 'createdAt', 'updatedAt']);
  const text = JSON.stringify(parts, (key, value) => {
    if (typeof value === 'string' && names.has(value)) return names.get(value);
    return (own.has(key) && !names.has(value)) || HIDDEN.has(key) ? undefined : value;
  });
  return {
    text: canonicalJson(JSON.parse(text)),
    cookieNames: services.map(({ stickiness }) => stickiness.cookieName),
  };
}

test('a clone has everything that the other has, under identifiers and an address of its own', async (t) => {
  const running = await Running.start(t);
  await running.call('createCertificate', { body: upload(SITE, { name: 'www' }) });
  const elasticIp = await running.call('createElasticIp', { body: { name: 'public' } });
  const source = await running.call('createLoadBalancer', {
    body: {
      name: 'web',
      elasticIp: 'public',
      description: 'the web',
      tags: { team: 'shop' },
      deletionProtection: true,
      targetGroups: [{ name: 'blue', targets: [{ address: '10.0.0.1', weight: 7 }, { address: '10.0.0.2' }] }],
      backendServices: [
        { name: 'app', protocol: 'http', port: 80, targetGroup: 'blue', stickiness: { type: 'cookie' } },
        { name: 'other', protocol: 'http', port: 81 },
        { name: 'shadow', protocol: 'http', port: 83 },
        { name: 'raw', protocol: 'tcp', port: 82 },
      ],
      ruleGroups: [
        {
          name: 'rules',
          rules: [
            {
              name: 'split',
              match: { methods: ['PUT'] },
              forward: [
                { backendService: 'app', weight: 3 },
                { backendService: 'other', weight: 1 },
              ],
              mirror: { backendService: 'shadow', percent: 5 },
            },
          ],
        },
      ],
      listeners: [
        { protocol: 'https', port: 443, backendService: 'app', ruleGroup: 'rules', defaultCertificates: ['www'] },
        { protocol: 'tcp', port: 444, serverNames: [{ name: 'a.test', backendService: 'raw' }] },
      ],
    },
  });
  const params = { loadBalancerId: source.id };
  const clone = await running.call('cloneLoadBalancer', { params, body: { name: 'copy' } });
  assert.deepEqual(
    [clone.name, clone.description, clone.tags, clone.elasticIpId, clone.deletionProtection],
    ['copy', 'the web', { team: 'shop' }, null, false],
  );
  assert.notEqual(clone.vip, source.vip);
  assert.equal(
    (await running.call('getElasticIp', { params: { elasticIpId: elasticIp.id } })).loadBalancerId,
    source.id,
  );
  const [theirs, own] = [await contentsOf(running, source.id), await contentsOf(running, clone.id)];
  assert.equal(own.text, theirs.text);
  assert.ok(own.text.includes('split') && own.text.includes('a.test') && own.text.includes('10.0.0.2'));
  assert.notEqual(own.cookieNames[0], theirs.cookieNames[0], 'cookies of one are none of the other');
  const agent = await FakeAgent.connect(running);
  await agent.has(clone.generation);
  const keys = Array.from(agent.plan.entries.values()).flatMap((entry) => {
    return entry.kind === 'service' && entry.value.stickiness?.type === 'cookie' ? [entry.value.stickiness.key] : [];
  });
  assert.equal(new Set(keys).size, 2);

  const taken = await running.refused('cloneLoadBalancer', { params, body: { vip: source.vip } });
  assert.deepEqual([taken.code, taken.errors?.[0]?.field], ['address-taken', '/vip']);
  await running.restart();
  assert.equal((await contentsOf(running, clone.id)).text, own.text);
});

test('a load balancer is stopped when none of its listeners is enabled, and runs when one is', async (t) => {
  const running = await Running.start(t);
  const { lb, listener, group } = await shop(running);
  await running.call('createListener', { body: { ...lb, name: 'other', protocol: 'tcp', port: 9 } });
  const agent = await FakeAgent.connect(running);
  const kinds = () => Array.from(agent.plan.entries.values(), ({ kind }) => kind).sort();
  const status = async () => (await running.call('getLoadBalancer', { params: lb })).status;
  agent.acknowledges = false;
  const stopped = await running.call('stopLoadBalancer', { params: lb });
  assert.equal(stopped.status, 'stopping');
  await agent.has(stopped.generation);
  assert.equal(await status(), 'stopping', 'the node has not said that it has let go of them');
  assert.equal((await running.call('getListener', { params: listener })).status, 'disabling');
  agent.acknowledges = true;
  agent.acknowledge();
  const applied = { params: { operationId: stopped.operationId }, query: { wait: 'applied', timeout: 60 } };
  await running.call('getOperation', applied);
  assert.equal(await status(), 'stopped');
  assert.equal((await running.call('getListener', { params: listener })).status, 'disabled');
  await agent.until(() => kinds().length === 0);
  const health = await running.call('listTargetHealth', { query: group });
  assert.deepEqual(
    health.items.map(({ state }) => state),
    ['unchecked', 'unchecked'],
  );
  const again = await running.call('stopLoadBalancer', { params: lb });
  assert.equal(again.generation, stopped.generation);

  await running.call('updateListener', { params: listener, body: { enabled: true } });
  await agent.until(() => kinds().length === 3);
  assert.deepEqual(kinds(), ['group', 'listener', 'service']);
  assert.notEqual(await status(), 'stopped');
  await running.call('startLoadBalancer', { params: lb });
  await agent.until(() => kinds().length === 4);
  assert.ok((await running.call('listListeners')).items.every(({ enabled }) => enabled));
  const mismatch = await running.refused('startLoadBalancer', { params: lb, headers: { 'if-match': '"999"' } });
  assert.equal(mismatch.code, 'precondition-failed');
  await agent.leave();
  assert.equal((await running.call('stopLoadBalancer', { params: lb })).status, 'stopping', 'it may go on there');
});
