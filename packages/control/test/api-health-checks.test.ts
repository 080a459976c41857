import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EvidenceQuestion, ProbeExchange, TrialQuestion } from '@evenkeel/model/plan/evidence.ts';
import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { FakeAgent } from './fake-agent.ts';
import { Running } from './running.ts';
import { ROOT } from './tls.ts';

const EXCHANGE: ProbeExchange = {
  at: Date.UTC(2026, 4, 1),
  verdict: 'failure',
  reason: 'HTTP_CODE_MISMATCH',
  rule: 'status 503 is not one of 200–399',
  connection: 'new',
  connect: 0.2,
  firstByte: 1.5,
  total: 1.6,
  sent: 'GET / HTTP/1.0\\r\\n',
  sentBytes: 90,
  received: 'HTTP/1.1 503 Busy\\r\\n',
  receivedBytes: 40,
};

const firstError = (problem: Problem) => `${problem.errors![0]!.field} ${problem.errors![0]!.reason}`;

async function service(running: Running, body: object = {}) {
  const lb = await running.call('createLoadBalancer', { body: { name: 'web' } });
  const made = await running.call('createBackendService', {
    body: {
      loadBalancerId: lb.id,
      name: 'a',
      protocol: 'http',
      port: 8_080,
      targets: [{ address: '10.0.0.1' }, { address: '10.0.0.2', port: 81 }],
      ...body,
    },
  });
  const { targets } = await running.call('getBackendServiceHealth', { params: { backendServiceId: made.id } });
  return { id: made.id, targets: targets.map(({ targetId }) => targetId), made };
}

/** The check of the service as nodes get it. */
async function planned(running: Running, agent: FakeAgent, id: string, body: object): Promise<PlannedHealthCheck> {
  const changed = await running.call('updateBackendService', { params: { backendServiceId: id }, body });
  await agent.has(changed.generation);
  const entry = agent.plan.entries.get(`service/${id}`);
  assert.equal(entry?.kind, 'service');
  return (entry.value as { healthCheck: PlannedHealthCheck }).healthCheck;
}

test('fields that do not fit are refused with the reason and what is allowed', async (t) => {
  const running = await Running.start(t);
  const { id } = await service(running);
  const refusals: readonly [object, RegExp][] = [
    [{ protocol: 'icmp' }, /^\/healthCheck\/protocol is not one of/],
    [{ send: 'PING' }, /^\/healthCheck\/send is for tcp, tls, udp, and the check is by http/],
    [{ protocol: 'tcp', send: '\\q' }, /^\/healthCheck\/send has a backslash that begins nothing known/],
    [{ protocol: 'udp', expect: 'abc', payloadFormat: 'hex' }, /^\/healthCheck\/expect is not made of pairs of hex/],
    [{ protocol: 'tcp', send: 'é'.repeat(300) }, /^\/healthCheck\/send is 600 bytes long; 500 are allowed/],
    [{ grpcService: 'a.B' }, /^\/healthCheck\/grpcService is for grpc, and the check is by http/],
    [{ checksPerConnection: 5 }, /^\/healthCheck\/checksPerConnection more than one needs .* httpVersion 1.1/],
    [{ tlsVerify: 'on' }, /^\/healthCheck\/tlsVerify the service names no authority/],
  ];
  for (const [healthCheck, says] of refusals) {
    const params = { backendServiceId: id };
    assert.match(firstError(await running.refused('updateBackendService', { params, body: { healthCheck } })), says);
  }
});

test('checks follow the TLS of the service on the port of its traffic, and can be told otherwise', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  const { id } = await service(running);
  const { id: authorityId } = await running.call('createAuthority', {
    body: { name: 'ca', certificates: ROOT.certificate },
  });
  const tls = { enabled: true, authorityId, serverName: 'app.test' };
  const followed = await planned(running, agent, id, { tls });
  assert.equal(followed.protocol, 'https');
  assert.deepEqual([followed.tls?.authorityId, followed.tls?.serverName], [authorityId, 'app.test']);
  assert.ok(agent.plan.entries.has(`authority/${authorityId}`));

  const lenient = await planned(running, agent, id, { healthCheck: { tlsVerify: 'off', serverName: 'probe.test' } });
  assert.deepEqual([lenient.tls?.authorityId, lenient.tls?.serverName], [null, 'probe.test']);
  const elsewhere = await planned(running, agent, id, { healthCheck: { port: 9_000 } });
  assert.deepEqual([elsewhere.protocol, elsewhere.tls], ['http', null]);

  const alone = { tls: { enabled: false }, healthCheck: { protocol: 'grpcs', tlsVerify: 'on', grpcService: 'a.B' } };
  const grpc = await planned(running, agent, id, alone);
  assert.deepEqual([grpc.protocol, grpc.grpcService, grpc.tls?.authorityId], ['grpcs', 'a.B', authorityId]);
  assert.ok(agent.plan.entries.has(`authority/${authorityId}`), 'an authority that probes alone need is in the plan');
  const udp = await planned(running, agent, id, {
    healthCheck: { protocol: 'udp', tlsVerify: 'auto', grpcService: '', send: 'a\\x00\\r', expect: '' },
  });
  assert.deepEqual([udp.protocol, udp.send, udp.expect, udp.tls], ['udp', '61000d', '', null]);
  await agent.leave();
});

test('evidence is what the nodes say, each for itself; one that does not answer is named', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  const other = await FakeAgent.connect(running, { node: 'node-2' });
  const { id, targets } = await service(running);
  const asked: EvidenceQuestion[] = [];
  agent.answers = ({ question }) => {
    asked.push(question as EvidenceQuestion);
    const target = { targetId: targets[0]!, address: '10.0.0.1', port: 8_080, exchanges: [EXCHANGE] };
    return { answer: { targets: [target] } };
  };
  other.answers = () => ({ problem: 'probing is not running at this moment' });
  const params = { backendServiceId: id };
  const evidence = await running.call('getHealthEvidence', { params, query: { targetId: targets[0]! } });
  assert.deepEqual(asked, [{ serviceId: id, targetId: targets[0], limit: 100 }]);
  const [seen] = evidence.targets;
  assert.deepEqual([seen!.node, seen!.exchanges[0]!.at], ['node-1', '2026-05-01T00:00:00.000Z']);
  assert.deepEqual(
    evidence.nodes.map(({ node, answered }) => [node, answered]),
    [
      ['node-1', true],
      ['node-2', false],
    ],
  );
  agent.answers = () => ({ answer: { targets: [{ targetId: targets[0], exchanges: 'nonsense' }] } });
  await running.refused('getHealthEvidence', { params, query: {} });
  const missing = await running.refused('getHealthEvidence', { params, query: { targetId: 'tgt-01hf7yat018zv6cc00' } });
  assert.equal(missing.code, 'resource-not-found');
  await agent.leave();
  await other.leave();
});

test('a trial carries the check with the fields given changed, and changes nothing', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  const { id, targets } = await service(running, { healthCheck: { enabled: false, path: '/old' } });
  const params = { backendServiceId: id };
  const before = await running.call('getBackendService', { params });
  let asked: TrialQuestion | null = null;
  agent.answers = ({ question }) => {
    asked = question as TrialQuestion;
    const good = { ...EXCHANGE, verdict: 'success' as const, reason: '' };
    return {
      answer: {
        targets: asked.targets.map((target, index) => ({ ...target, exchanges: [index === 0 ? good : EXCHANGE] })),
      },
    };
  };
  const trial = await running.call('tryHealthCheck', { params, body: { healthCheck: { path: '/ready', timeout: 1 } } });
  assert.deepEqual([trial.passed, trial.failed, trial.healthCheck.path], [1, 1, '/ready']);
  assert.deepEqual([asked!.check.path, asked!.check.timeout], ['/ready', 1_000]);
  assert.deepEqual(
    asked!.targets.map(({ address, port }) => `${address}:${port}`),
    ['10.0.0.1:8080', '10.0.0.2:81'],
  );
  assert.deepEqual(await running.call('getBackendService', { params }), before);
  await running.call('tryHealthCheck', { params, body: { targetIds: [targets[1]!], healthCheck: { port: 9_000 } } });
  assert.deepEqual(asked!.targets, [{ targetId: targets[1], address: '10.0.0.2', port: 9_000 }]);
  const unknown = await running.refused('tryHealthCheck', { params, body: { targetIds: ['tgt-01hf7yat018zv6cc00'] } });
  assert.match(firstError(unknown), /^\/targetIds\/0 the service has no target/);
  await agent.leave();
  const nobody = await running.refused('tryHealthCheck', { params, body: {} });
  assert.equal(nobody.code, 'node-unavailable');
});

test('a target that flaps is shown so, with the reason', async (t) => {
  const running = await Running.start(t);
  const agent = await FakeAgent.connect(running);
  const { id, targets } = await service(running);
  const flapping = { changes: 6, diagnosis: '6 changes in 10 min: the timeout of 3.0 s is too tight' };
  const reported = { serviceId: id, targetId: targets[0]!, state: 'healthy', reason: '', since: 1 } as const;
  agent.say({ type: 'health', complete: true, targets: [{ ...reported, flapping }] });
  const { targets: shown } = await eventually(async () => {
    const health = await running.call('getBackendServiceHealth', { params: { backendServiceId: id } });
    return health.healthy === 1 ? health : null;
  });
  const [first, second] = shown;
  assert.deepEqual([first!.flapping, first!.nodes[0]!.flapping, second!.flapping], [flapping, flapping, null]);
  await agent.leave();
});

async function eventually<T>(look: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
  }
}
