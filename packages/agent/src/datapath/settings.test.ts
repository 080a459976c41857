import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { STANDARD_HASH, STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_OUTLIER_DETECTION, PLAIN_RETRY } from '@evenkeel/model/plan/resilience.ts';
import { plannedListener, plannedService } from '../../test/planned.ts';
import { LISTENER_SETTINGS, SERVICE_SETTINGS, unkeptSetting } from './settings.ts';

const listener = plannedListener({ protocol: 'tcp', http: null, isNetwork: true });
const service = plannedService({ protocol: 'tcp', connectTimeout: 4_000 });
const reasonOf = (ofListener: Partial<PlannedListener>, ofService: Partial<PlannedService>) =>
  unkeptSetting({ ...listener, ...ofListener }, { ...service, ...ofService });

/** Values that the kernel does not keep, by setting, with what is said of them. */
const LISTENERS: { readonly [Name in keyof PlannedListener]?: readonly (readonly [PlannedListener[Name], RegExp])[] } =
  {
    limits: [
      [{ ...STANDARD_LIMITS, connections: 10 }, /limits of connections/],
      [{ ...STANDARD_LIMITS, connectionsPerSecond: 10 }, /limits of connections/],
    ],
    bandwidth: [[125_000, /bandwidth of its elastic IP is kept by the proxy/]],
    loadBalancerLimits: [
      [{ connections: 10, connectionsPerSecond: null, requestsPerSecond: null }, /specification of the load balancer/],
    ],
    tls: [[{} as NonNullable<PlannedListener['tls']>, /TLS ends/]],
    serverNames: [[[{ name: 'a.test', serviceId: 'svc-1' }], /server names/]],
    acceptProxyProtocol: [[true, /PROXY protocol/]],
  };

const SERVICES: { readonly [Name in keyof PlannedService]?: readonly (readonly [PlannedService[Name], RegExp])[] } = {
  algorithm: [
    ['least-connections', /least-connections goes by what targets have under way/],
    ['power-of-two', /power-of-two/],
    ['peak-ewma', /peak-ewma/],
    ['hash', /read by the proxy/],
  ],
  connectTimeout: [[1_000, /connectTimeout is not its default/]],
  stickiness: [
    [{ type: 'cookie', cookieName: 'c', expiry: 0, key: '', oldKeys: [] }, /cookies/],
    [{ type: 'application-cookie', cookieName: 'c', timeout: 1 }, /cookies/],
  ],
  tls: [[{} as NonNullable<PlannedService['tls']>, /TLS to targets/]],
  proxyProtocol: [
    [1, /PROXY protocol/],
    [2, /PROXY protocol/],
  ],
  targetLimits: [
    [{ ...STANDARD_TARGET_LIMITS, maxConnections: 100 }, /limits of targets/],
    [{ ...STANDARD_TARGET_LIMITS, queueSize: 0 }, /limits of targets/],
  ],
  rebalance: [[{ rate: 1, minimumAge: 0 }, /moved to other targets/]],
  outlierDetection: [[{ ...PLAIN_OUTLIER_DETECTION, consecutiveErrors: 1 }, /what connections say of targets/]],
  slowStart: [[30_000, /started slowly/]],
  retry: [
    [{ ...PLAIN_RETRY, attempts: 5 }, /tried again/],
    [{ ...PLAIN_RETRY, conditions: [] }, /tried again/],
  ],
};

suite('settings of a network load balancer in the kernel', () => {
  for (const [name, cases] of Object.entries(LISTENERS)) {
    test(`listeners: ${name} is for the proxy, with a reason`, () => {
      for (const [value, reason] of cases) assert.match(reasonOf({ [name]: value }, {}), reason);
    });
  }
  for (const [name, cases] of Object.entries(SERVICES)) {
    test(`backend services: ${name} is for the proxy, with a reason`, () => {
      for (const [value, reason] of cases) assert.match(reasonOf({}, { [name]: value }), reason);
    });
  }

  test('every setting that depends on its value has values here that the kernel does not keep', () => {
    const depending = (verdicts: object) =>
      Object.entries(verdicts).flatMap(([name, verdict]) => (typeof verdict === 'function' ? [name] : []));
    assert.deepEqual(depending(LISTENER_SETTINGS).sort(), Object.keys(LISTENERS).sort());
    // A load factor counts with one algorithm alone: below.
    assert.deepEqual(depending(SERVICE_SETTINGS).sort(), [...Object.keys(SERVICES), 'hash'].sort());
  });

  test('what the kernel keeps, and what says nothing different from the default, has no reason against it', () => {
    assert.equal(reasonOf({}, {}), '');
    assert.equal(reasonOf({ limits: STANDARD_LIMITS, accessLogFormat: '$status' }, {}), '');
    const rate = { perSecond: 1, burst: 1 };
    const sourceLimits = { connections: rate, requests: null, packets: rate };
    assert.equal(reasonOf({ sourceLimits, synAlarm: { alarm: 10, calm: 5 } }, {}), '');
    for (const kept of [
      { algorithm: 'source-ip' },
      { stickiness: { type: 'source-ip', timeout: 60_000 } },
      { zone: { preference: 'strict', threshold: 70 } },
      { failOpen: 50, drainTimeout: 0, transparent: true },
      { targetLimits: { ...STANDARD_TARGET_LIMITS }, retry: { ...PLAIN_RETRY }, outlierDetection: null },
      { outlierDetection: PLAIN_OUTLIER_DETECTION },
      { retry: { ...PLAIN_RETRY, conditions: ['connect-failure', 'no-response'] } },
      { retry: { ...PLAIN_RETRY, attempts: 1, conditions: [] } },
      { protocol: 'udp', connectTimeout: 1_000 },
      { hash: { ...STANDARD_HASH, loadFactor: 125 } },
      { forwardingMode: 'gue' },
      { sourceNat: true },
    ] as const satisfies Partial<PlannedService>[]) {
      assert.equal(reasonOf({}, kept), '', JSON.stringify(kept));
    }
  });

  test('a load factor counts where clients are chosen by their address', () => {
    const hash = { ...STANDARD_HASH, loadFactor: 125 };
    assert.match(reasonOf({}, { algorithm: 'source-ip', hash }), /load factor/);
  });
});
