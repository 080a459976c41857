import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_LOG } from '@evenkeel/model/limits.ts';
import type { PortlessListener } from '@evenkeel/model/plan/stream.ts';
import { remedyOf } from '@evenkeel/model/refusals.ts';
import type { Event } from '@evenkeel/model/resources/event.ts';
import { EventReader } from './event-reader.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { SITE, upload } from './tls.ts';

/** Looks until there are events of all these kinds; what is noticed is written a moment later. */
async function eventsOf(running: Running, ...kinds: readonly Event['kind'][]): Promise<Event[]> {
  for (;;) {
    const { items } = await running.call('listEvents');
    if (kinds.every((wanted) => items.some(({ kind }) => kind === wanted))) return items;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const one = (events: readonly Event[], kind: Event['kind']) => events.find((event) => event.kind === kind)!;

test('nodes, listeners, operations, targets and backups tell what becomes of them', async (t) => {
  const running = await Running.start(t);
  const listeners = [{ protocol: 'http', port: 80, service: { targets: [{ address: '10.0.0.1' }] } }];
  const balancer = await running.call('createLoadBalancer', { body: { name: 'web', listeners } });
  const [listener] = (await running.call('listListeners')).items;
  const [service] = (await running.call('listBackendServices')).items;
  const params = { targetGroupId: service!.targetGroupId! };
  const [target] = (await running.call('listTargets', { params })).items;
  const refusal = { listenerId: listener!.id, code: 'address-in-use', detail: 'port 80 is in use' };
  const agent = await FakeAgent.connect(running, { refuses: () => [refusal] });
  const { items } = { items: await eventsOf(running, 'node.up', 'listener.refused', 'operation.refused') };
  const refused = one(items, 'listener.refused');
  assert.deepEqual(
    [refused.severity, refused.subject, refused.loadBalancerId, refused.data['code']],
    ['critical', { kind: 'listener', id: listener!.id, name: listener!.name }, balancer.id, 'address-in-use'],
  );
  assert.match(refused.message, /port 80 is in use; what ran there before goes on/);
  const operation = await running.call('getOperation', { params: { operationId: balancer.operationId } });
  assert.deepEqual(
    [operation.status, operation.refused],
    ['refused', [{ node: 'node-1', ...refusal, ...remedyOf('address-in-use') }]],
  );

  const found = async (query: Record<string, string>) =>
    (await running.call('listOperations', { query })).items.map(({ id }) => id);
  assert.deepEqual(await found({ status: 'refused' }), [balancer.operationId]);
  assert.deepEqual(await found({ status: 'pending' }), []);
  assert.deepEqual(await found({ resourceId: target!.id }), [balancer.operationId]);
  assert.deepEqual(await found({ resourceId: target!.id, status: 'applied' }), []);

  agent.refuses = () => [];
  agent.acknowledge();
  await eventsOf(running, 'listener.recovered');
  // It stays what it was found to be, whatever has become of the listener since.
  await running.restart();
  const later = await running.call('getOperation', { params: { operationId: balancer.operationId } });
  assert.deepEqual([later.status, later.refused.length], ['refused', 1]);

  const again = await FakeAgent.connect(running);
  const report = (state: 'healthy' | 'unhealthy' | 'detecting', reason = '') =>
    again.say({
      type: 'health',
      complete: true,
      targets: [{ serviceId: service!.id, targetId: target!.id, state, reason, since: Date.now() }],
    });
  report('detecting');
  report('healthy');
  report('unhealthy', 'CONNECT_FAILED');
  const health = await eventsOf(running, 'target.healthy', 'target.unhealthy');
  const down = one(health, 'target.unhealthy');
  assert.deepEqual(
    [down.subject.id, down.data['reason'], down.data['address']],
    [target!.id, 'CONNECT_FAILED', '10.0.0.1'],
  );
  const { id } = await running.call('createBackup', { body: {} });
  await again.leave();
  const all = await eventsOf(running, 'backup.made', 'node.down');
  assert.equal(one(all, 'backup.made').subject.id, id);
  const ofTarget = await running.call('listEvents', { query: { subjectId: target!.id } });
  assert.deepEqual(
    ofTarget.items.map(({ kind }) => kind),
    ['target.unhealthy', 'target.healthy'],
  );
  const critical = await running.call('listEvents', { query: { severity: 'critical', loadBalancerId: balancer.id } });
  assert.ok(critical.items.every(({ severity }) => severity === 'critical') && critical.items.length >= 1);
});

test('floods of connections to a listener are told of where they begin and end', async (t) => {
  const running = await Running.start(t);
  const limits = { synAlarm: 100 };
  const body = { name: 'net', type: 'network', listeners: [{ protocol: 'tcp', port: 80, limits }] };
  const balancer = await running.call('createLoadBalancer', { body });
  const [listener] = (await running.call('listListeners')).items;
  const agent = await FakeAgent.connect(running);
  agent.say({ type: 'heartbeat', floods: [listener!.id, 'lsn-that-is-gone'] });
  const begun = one(await eventsOf(running, 'flood.begun'), 'flood.begun');
  assert.deepEqual(
    [begun.severity, begun.subject.id, begun.loadBalancerId, begun.data],
    ['critical', listener!.id, balancer.id, { node: 'node-1', synAlarm: 100, synCalm: null }],
  );
  agent.say({ type: 'heartbeat', floods: [listener!.id] });
  agent.say({ type: 'heartbeat', floods: [] });
  const all = await eventsOf(running, 'flood.ended');
  assert.equal(all.filter(({ kind }) => kind.startsWith('flood.')).length, 2);
  assert.match(
    one(all, 'flood.ended').message,
    /^The flood of connections to listener tcp-80 of load balancer net on node/,
  );
});

test('ports of a node that are exhausted are told of, by listener', async (t) => {
  const running = await Running.start(t);
  const service = { port: 80, sourceNat: true };
  const body = { name: 'net', type: 'network', listeners: [{ protocol: 'tcp', port: 80, service }] };
  const balancer = await running.call('createLoadBalancer', { body });
  const [listener] = (await running.call('listListeners')).items;
  const agent = await FakeAgent.connect(running);
  const nonsense = [{ listenerId: listener!.id, packets: -1 }, 'lsn'] as unknown as readonly PortlessListener[];
  let packets = 0;
  // What was counted before the control plane looked for the first time is no news.
  for (let found: Event[] = []; found.length === 0; ) {
    agent.say({ type: 'heartbeat', portless: nonsense });
    agent.say({ type: 'heartbeat', portless: [{ listenerId: listener!.id, packets: ++packets }] });
    found = (await running.call('listEvents', { query: { kind: 'ports.exhausted' } })).items;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const told = one(await eventsOf(running, 'ports.exhausted'), 'ports.exhausted');
  assert.deepEqual(
    [told.severity, told.subject.id, told.loadBalancerId, told.data['node']],
    ['warning', listener!.id, balancer.id, 'node-1'],
  );
  assert.ok((told.data['refused'] as number) > 0);
  assert.match(told.message, /^New flows to listener tcp-80 of load balancer net find no port of node node-1 /);
});

test('a certificate that expires is told of once, also over starts', async (t) => {
  const running = await Running.start(t);
  const { issue } = await import('@evenkeel/testbed/certificates/issue.ts');
  const soon = issue({ names: ['a.test'], notAfter: new Date(Date.now() + 5 * 86_400_000) });
  await running.call('createCertificate', { body: upload(soon, { name: 'soon' }) });
  await running.call('createCertificate', { body: upload(SITE, { name: 'later' }) });
  await running.restart();
  const [event] = await eventsOf(running, 'certificate.expiring');
  assert.deepEqual([event!.kind, event!.subject.name], ['certificate.expiring', 'soon']);
  await running.restart();
  await running.call('createBackup', { body: {} });
  const all = await eventsOf(running, 'backup.made');
  assert.equal(all.filter(({ kind }) => kind === 'certificate.expiring').length, 1);
});

test('a stream has each event once, and goes on after the last that was seen', async (t) => {
  const running = await Running.start(t);
  await FakeAgent.connect(running);
  const reader = await EventReader.open(t, running, { query: { kind: 'operation.applied' } });
  for (let i = 0; i < 3; i++) await running.call('createElasticIp', { body: { name: `e${i}` } });
  await reader.until(() => reader.events.length === 3);
  await reader.close();
  const last = reader.messages.at(-1)!.id;
  for (let i = 3; i < 260; i++) await running.call('createElasticIp', { body: { name: `e${i}` } }).catch(() => {});
  const missed = await EventReader.open(t, running, {
    query: { kind: 'operation.applied' },
    headers: { 'last-event-id': last },
  });
  const { items: eips } = await running.call('listElasticIps', { query: { limit: 500 } });
  await missed.until(() => missed.events.length >= eips.length - 3);
  const ids = [...reader.events, ...missed.events].map(({ id }) => id);
  assert.equal(new Set(ids).size, eips.length);
  assert.deepEqual(ids, ids.toSorted());
  const wrong = await running.refused('streamEvents', { headers: { 'last-event-id': 'nonsense' } });
  assert.equal(wrong.errors![0]!.field, 'header Last-Event-ID');
  const gone = await EventReader.open(t, running, { query: { after: 'evt-01hf7yat018zv6cc00' } });
  await gone.until(() => gone.messages.length > 0);
  assert.equal(gone.messages[0]!.name, 'gap');
});

test('a stream ends when its token is revoked, and when the control plane stops, and says why', async (t) => {
  const running = await Running.start(t);
  const user = await running.call('createUser', { body: { name: 'ann', role: 'viewer' } });
  const { token, id } = await running.call('createToken', { body: { userId: user.id } });
  const reader = await EventReader.open(t, running, { token });
  const other = await EventReader.open(t, running);
  await running.call('deleteToken', { params: { tokenId: id } });
  await reader.ended;
  assert.deepEqual(reader.messages.at(-1), { name: 'end', id: '', data: { reason: 'token-ended' } });
  await running.restart();
  await other.ended;
  assert.deepEqual(other.messages.at(-1)!.data, { reason: 'shutting-down' });
});

test('a tenant has so many streams and no more; those of others have theirs', async (t) => {
  const running = await Running.start(t);
  const readers = [];
  for (let i = 0; i < EVENT_LOG.streams; i++) readers.push(await EventReader.open(t, running));
  const refused = await running.refused('streamEvents');
  assert.equal(refused.code, 'too-busy');
  await running.call('createTenant', { body: { name: 'team' } });
  const elsewhere = await EventReader.open(t, running, { headers: { 'evenkeel-tenant': 'team' } });
  assert.equal(elsewhere.status, 200);
  await readers[0]!.close();
  for (;;) {
    const again = await EventReader.open(t, running);
    if (again.status === 200) break;
    await again.close();
  }
});

test('a tenant sees its own events alone, and those of the installation are for who reaches all', async (t) => {
  const running = await Running.start(t);
  for (const name of ['a', 'b']) await running.call('createTenant', { body: { name } });
  const of = (name: string) => ({ 'evenkeel-tenant': name });
  const ann = await running.call('createUser', { body: { name: 'ann', role: 'viewer' }, headers: of('a') });
  const { token } = await running.call('createToken', { body: { userId: ann.id }, headers: of('a') });
  const reader = await EventReader.open(t, running, { token });
  await FakeAgent.connect(running);
  await running.call('createElasticIp', { body: { name: 'theirs' }, headers: of('b') });
  const own = await running.call('createElasticIp', { body: { name: 'own' }, headers: of('a') });
  await eventsOf(running, 'node.up');
  await reader.until(() => reader.events.some(({ subject }) => subject.id === own.operationId));
  const { items } = await running.call('listEvents', { token });
  for (const event of [...reader.events, ...items]) assert.equal(event.tenantId, ann.tenantId, event.message);
});
