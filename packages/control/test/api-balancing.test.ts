import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';

async function withService(running: Running, protocol: 'http' | 'tcp' = 'http') {
  const lb = await running.call('createLoadBalancer', { body: { name: `lb-${protocol}` } });
  const body = { loadBalancerId: lb.id, name: 's', protocol, port: 80 };
  const service = await running.call('createBackendService', { body });
  const update = (change: object) =>
    running.call('updateBackendService', { params: { backendServiceId: service.id }, body: change });
  const refused = async (change: object) => {
    const problem = await running.refused('updateBackendService', {
      params: { backendServiceId: service.id },
      body: change,
    });
    return problem.errors![0]!;
  };
  return { service, update, refused };
}

test('balancing: safe defaults, and each field is changed alone', async (t) => {
  const running = await Running.start(t);
  const { service, update } = await withService(running);
  assert.deepEqual(service.hash, { key: 'uri', name: '', loadFactor: 0 });
  assert.deepEqual(service.targetLimits, {
    maxConnections: 10_000,
    maxRequests: 10_000,
    queueSize: 128,
    queueTimeout: 5,
  });
  assert.deepEqual(service.zone, { preference: 'none', threshold: 70 });
  assert.deepEqual(service.rebalance, { enabled: false, rate: 10, minimumAge: 60 });

  const changed = await update({
    algorithm: 'hash',
    hash: { key: 'header', name: 'X-Tenant' },
    targetLimits: { maxRequests: 7 },
    zone: { preference: 'prefer' },
    rebalance: { enabled: true },
  });
  assert.deepEqual(changed.hash, { key: 'header', name: 'x-tenant', loadFactor: 0 });
  assert.deepEqual(changed.targetLimits, { ...service.targetLimits, maxRequests: 7 });
  assert.deepEqual(changed.zone, { preference: 'prefer', threshold: 70 });
  assert.deepEqual(changed.rebalance, { enabled: true, rate: 10, minimumAge: 60 });
  // The name was of another key.
  assert.equal((await update({ hash: { key: 'path' } })).hash.name, '');

  const document = { name: 's', protocol: 'http', port: 80, targetLimits: { queueSize: 9 } };
  const applied = await running.call('applyConfiguration', {
    body: { loadBalancers: [{ name: 'lb-http', backendServices: [document] }] },
  });
  const change = applied.changes.find(({ kind }) => kind === 'backendService')!;
  assert.deepEqual(change.fields, [{ field: 'targetLimits.queueSize', before: 128, after: 9 }]);
});

test('balancing that cannot be is refused, with the field and what is allowed', async (t) => {
  const running = await Running.start(t);
  const http = await withService(running);
  const tcp = await withService(running, 'tcp');
  const nameless = await http.refused({ algorithm: 'hash', hash: { key: 'cookie' } });
  assert.deepEqual([nameless.field, nameless.reason], ['/hash/name', 'is missing: name the cookie to choose by']);
  assert.equal((await http.refused({ hash: { key: 'uri', name: 'x' } })).field, '/hash/name');
  assert.equal((await http.refused({ hash: { loadFactor: 50 } })).field, '/hash/loadFactor');
  assert.equal((await http.refused({ hash: { key: 'header', name: 'a b' } })).field, '/hash/name');
  assert.equal((await http.refused({ targetLimits: { maxRequests: 0 } })).field, '/targetLimits/maxRequests');
  const hashed = await tcp.refused({ algorithm: 'hash' });
  assert.equal(hashed.field, '/algorithm');
  assert.ok((hashed.allowed as string[]).includes('peak-ewma'));
  // Checked again when only the algorithm changes.
  await http.update({ hash: { key: 'header' } });
  assert.equal((await http.refused({ algorithm: 'hash' })).field, '/hash/name');
});
