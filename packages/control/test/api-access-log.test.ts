import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOG_VARIABLES } from '@evenkeel/model/access-log-format.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';

test('a listener has a format of its own for its log, which goes to the nodes', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  const accessLogFormat = '$remote_addr "$request" ${status} $$';
  await running.call('createLoadBalancer', {
    body: { name: 'web', listeners: [{ protocol: 'http', port: 80, accessLogFormat, requestId: 'always' }] },
  });
  const [listener] = (await running.call('listListeners')).items;
  assert.deepEqual([listener!.accessLogFormat, listener!.requestId], [accessLogFormat, 'always']);
  const planned = () => agent.plan.entries.get(`listener/${listener!.id}`)?.value as PlannedListener;
  await agent.has(listener!.generation);
  assert.deepEqual([planned().accessLogFormat, planned().http?.requestId], [accessLogFormat, 'always']);
  const params = { listenerId: listener!.id };
  const changed = await running.call('updateListener', { params, body: { accessLogFormat: null } });
  await agent.has(changed.generation);
  assert.equal(planned().accessLogFormat, null);
  await agent.leave();
});

test('a format that cannot be written is refused with field, reason and what there is', async (t) => {
  const running = await Running.start(t);
  await running.call('createLoadBalancer', { body: { name: 'web', listeners: [{ protocol: 'http', port: 80 }] } });
  const [listener] = (await running.call('listListeners')).items;
  assert.deepEqual([listener!.accessLogFormat, listener!.requestId], [null, 'errors']);
  const params = { listenerId: listener!.id };
  const unknown = await running.refused('updateListener', { params, body: { accessLogFormat: '$status $latency' } });
  assert.equal(unknown.code, 'validation-failed');
  assert.deepEqual(unknown.errors, [
    { field: '/accessLogFormat', reason: 'has the unknown variable $latency', allowed: Object.keys(LOG_VARIABLES) },
  ]);
  const named = await running.refused('updateListener', { params, body: { accessLogFormat: 'apache' } });
  assert.deepEqual(named.errors?.[0]?.allowed, ['json', 'common', 'combined', 'clb-layer7']);
  const words = await running.refused('updateListener', { params, body: { requestId: 'sometimes' } });
  assert.deepEqual(words.errors?.[0]?.allowed, ['off', 'errors', 'always']);
});
