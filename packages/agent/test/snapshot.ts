import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { ProbeCounts } from '../src/probing/probe-counts.ts';
import { ControlCounts } from '../src/telemetry/control-counts.ts';
import type { Snapshot } from '../src/telemetry/snapshot.ts';
import { plannedGroup, plannedListener, plannedService, plannedTarget } from './planned.ts';

/** A snapshot with something to say for every metric, for so many targets. */
export function fullSnapshot(targets = 2): Snapshot {
  const ids = Array.from({ length: targets }, (_, index) => `tgt-${index}`);
  const plan = planOf(12, [
    planEntry('listener', plannedListener({ name: 'a "quoted" \\ name\nin two lines' })),
    planEntry('service', plannedService()),
    planEntry('group', plannedGroup({ targets: ids.map((id) => plannedTarget({ id })) })),
  ]);
  const control = new ControlCounts();
  control.applied(3, true);
  control.applied(30, false);
  control.message('snapshot');
  control.message('invalid');
  const probes = new ProbeCounts();
  probes.probed('http', { kind: 'success', detail: '' }, 2);
  probes.probed('tcp', { kind: 'failure', reason: 'CONNECT_FAILED', detail: '' }, 1);
  probes.report({ endpoints: 2, inFlight: 1, waiting: 0, lag: 250 }, 1);
  const diagnosis = '6 changes in 10 min';
  return {
    healthTurns: [{ serviceId: 'svc-1', targetId: 'tgt-0', count: 6 }],
    sockets: { open: 4, held: 4 },
    floods: [{ listenerId: 'lsn-1', isFlooded: true, floods: 2 }],
    sharing: { peers: 1, told: 30, learnt: 20 },
    kernel: {
      listeners: [
        {
          listenerId: 'lsn-1',
          traffic: { packets: 9n, bytes: 900n, flows: 2n, drops: 1n, answers: 8n, answerBytes: 800n },
          drops: { fragment: 1n },
          active: { flows: 64, error: 12 },
          sampledOneIn: 8,
          isUdp: false,
        },
      ],
      targets: [
        {
          serviceId: 'svc-1',
          targetId: 'tgt-0',
          address: '10.0.0.1',
          port: 80,
          traffic: { packets: 9n, bytes: 900n, flows: 2n, drops: 1n, answers: 8n, answerBytes: 800n },
          drops: { no_next_hop: 1n },
          active: { flows: 64, error: 12 },
        },
      ],
      outcomes: { returned: 7n, fragment: 1n, denied: 0n },
    },
    node: { name: 'node-1', zone: 'z1', version: '0.1.0', reactor: 'portable' },
    engine: {
      listeners: [
        {
          listenerId: 'lsn-1',
          connections: 10,
          activeConnections: 2,
          requests: 100,
          activeRequests: 1,
          responses: [0, 0, 90, 5, 3, 2],
          bytesReceived: 1e4,
          bytesSent: 1e6,
          datagrams: { received: 5, sent: 4, lost: 1 },
          reasons: { 'client-request': 3, 'none-done': 97 },
          limits: { 'body-size': 2 },
          refused: { 'security-group': 4 },
          desync: { 'unexpected-body': 2 },
          duration: { bounds: [0.001, 0.01, 0.1], counts: [50, 40, 9, 1], sum: 1.5 },
        },
      ],
      targets: ids.map((targetId) => ({
        serviceId: 'svc-1',
        targetId,
        address: '10.0.0.1',
        port: 80,
        connections: 5,
        activeConnections: 1,
        idleConnections: 2,
        requests: 50,
        activeRequests: 1,
        connectErrors: 1,
        responses: [0, 0, 45, 3, 1, 1],
        bytesSent: 1e4,
        bytesReceived: 1e6,
        replays: 1,
        draining: false,
        retries: 4,
        failures: 6,
      })),
      rules: [{ ruleGroupId: 'rg-1', ruleId: 'rule-1', requests: 7 }],
      workers: [
        {
          worker: 0,
          openConnections: 4,
          freeBuffers: 1000,
          overload: ['memory'],
          standingDelay: 500,
          shedShare: 0.2,
          waitingHeads: 3,
        },
      ],
      accessLogDropped: 7,
    },
    plan,
    applied: { version: 11, refused: [{ listenerId: 'lsn-1', code: 'address-in-use', detail: '' }] },
    storedVersion: 10,
    storeFailures: 1,
    health: ids.map((targetId, index) => ({
      serviceId: 'svc-1',
      targetId,
      state: index % 2 === 0 ? 'healthy' : 'unhealthy',
      reason: '',
      since: 1,
      flapping: index === 0 ? { changes: 6, diagnosis } : null,
      ...(index === 1 && {
        traffic: { ejected: { reason: 'errors', since: 1, until: 2, times: 1 }, share: 0, failOpen: true },
      }),
    })),
    probes,
    ejections: [{ serviceId: 'svc-1', targetId: 'tgt-1', reason: 'errors', count: 2 }],
    refusedRetries: [{ serviceId: 'svc-1', refused: 3 }],
    stream: { isOpen: true, connects: 3 },
    accessLog: { dropped: 4, writtenBytes: 4096, failing: false },
    control,
    process: {
      cpuSeconds: 1.25,
      residentBytes: 1e8,
      openDescriptors: 40,
      descriptorLimit: 20_000,
      startTime: 1.7e9,
      mainThreadDelay: 0.004,
    },
  };
}
