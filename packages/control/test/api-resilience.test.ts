import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';

async function withService(running: Running, protocol: 'http' | 'tcp' = 'http') {
  const lb = await running.call('createLoadBalancer', { body: { name: `lb-${protocol}` } });
  const body = { loadBalancerId: lb.id, name: 's', protocol, port: 80 };
  const service = await running.call('createBackendService', { body });
  const params = { backendServiceId: service.id };
  const update = (change: object) => running.call('updateBackendService', { params, body: change });
  const refused = async (change: object) => {
    const problem = await running.refused('updateBackendService', { params, body: change });
    return problem.errors![0]!;
  };
  return { service, update, refused };
}

test('resilience: on by default with safe numbers, and each field is changed alone', async (t) => {
  const running = await Running.start(t);
  const { service, update } = await withService(running);
  const { outlierDetection, retry } = service;
  assert.deepEqual(
    [outlierDetection.enabled, outlierDetection.consecutiveConnectFailures, outlierDetection.maxEjectedShare],
    [true, 3, 50],
  );
  assert.deepEqual([retry.conditions, retry.budget], [['connect-failure', 'no-response'], 20]);
  assert.deepEqual([service.slowStart, service.failOpen], [{ duration: 0 }, { threshold: 0 }]);

  const changed = await update({
    outlierDetection: { latencyFactor: 5 },
    slowStart: { duration: 30 },
    failOpen: { threshold: 40 },
    retry: { conditions: ['timeout'], statuses: [503], tryTimeoutMs: 250 },
  });
  assert.deepEqual(changed.outlierDetection, { ...outlierDetection, latencyFactor: 5 });
  assert.deepEqual(changed.retry, { ...retry, conditions: ['timeout'], statuses: [503], tryTimeoutMs: 250 });
  assert.deepEqual([changed.slowStart, changed.failOpen], [{ duration: 30 }, { threshold: 40 }]);
});

test('resilience: what cannot be is refused by field, with the reason', async (t) => {
  const running = await Running.start(t);
  const { refused } = await withService(running);
  const tcp = await withService(running, 'tcp');
  for (const [change, pointer] of [
    [{ outlierDetection: { baseEjection: 400 } }, '/outlierDetection/baseEjection'],
    [{ outlierDetection: { maxEjection: 5 } }, '/outlierDetection/maxEjection'],
    [{ outlierDetection: { maxEjectedShare: 101 } }, '/outlierDetection/maxEjectedShare'],
    [{ slowStart: { duration: 901 } }, '/slowStart/duration'],
    [{ retry: { tryTimeoutMs: 100 } }, '/retry/tryTimeoutMs'],
    [{ retry: { attempts: 6 } }, '/retry/attempts'],
    [{ retry: { statuses: [200] } }, '/retry/statuses/0'],
    [{ retry: { conditions: ['always'] } }, '/retry/conditions/0'],
  ] as const) {
    const { field: at, reason } = await refused(change);
    assert.equal(at, pointer);
    assert.ok(reason.length > 0);
  }
  assert.equal((await tcp.refused({ retry: { statuses: [503] } })).field, '/retry/statuses');
});
