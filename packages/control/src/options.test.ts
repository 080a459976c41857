import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_POOLS, parseOptions } from './options.ts';
import { StartError, WrongOption } from './start-error.ts';

test('flags go before the environment, and that before the defaults', () => {
  const defaults = parseOptions([], {})!;
  assert.deepEqual(
    [defaults.home, defaults.host, defaults.port, defaults.logLevel, defaults.pools],
    ['.evenkeel', '127.0.0.1', 7700, 'info', DEFAULT_POOLS],
  );
  const environment = {
    EVENKEEL_HOME: '/e',
    EVENKEEL_PORT: '1',
    EVENKEEL_HOST: '::1',
    EVENKEEL_VIP_POOL: '127.9.0.0/24',
    EVENKEEL_LOG_LEVEL: 'warn',
  };
  const given = parseOptions(['--home', '/f', '--quota', 'nodes=3', '--quota', 'elasticIps=0'], environment)!;
  assert.deepEqual(
    [
      given.home,
      given.host,
      given.port,
      given.logLevel,
      given.pools.vip.cidr,
      given.quotas.nodes,
      given.quotas.elasticIps,
    ],
    ['/f', '::1', 1, 'warn', '127.9.0.0/24', 3, 0],
  );
  assert.equal(parseOptions(['--help'], {}), null);
});

test('what is wrong is said of the variable where that has the value', () => {
  for (const [name, value] of [
    ['EVENKEEL_AUDIT_DAYS', 'many'],
    ['EVENKEEL_DATABASE', 'mysql://a/b'],
    ['EVENKEEL_VIP_POOL', 'x'],
    ['EVENKEEL_VIP_NETWORK6', 'x'],
    ['EVENKEEL_VPC_NETWORKS', '10.0.0.0/8, x'],
    ['EVENKEEL_API_SOCKET', 'x'],
  ] as const) {
    assert.throws(
      () => parseOptions([], { [name]: value }),
      (error) => error instanceof WrongOption && error.message.startsWith(name),
      name,
    );
  }
  assert.throws(() => parseOptions(['--audit-days', 'x'], { EVENKEEL_AUDIT_DAYS: '9' }), /^StartError: --audit-days x/);
});

test('whoever starts it may hold a socket for it', () => {
  assert.equal(parseOptions([], {})!.heldSocket, null);
  assert.equal(parseOptions([], { EVENKEEL_API_SOCKET: '4' })!.heldSocket, 4);
  assert.equal(parseOptions([], { EVENKEEL_METRICS_SOCKET: '5' })!.heldMetricsSocket, 5);
  assert.throws(() => parseOptions([], { EVENKEEL_API_SOCKET: '127.0.0.1:1' }), StartError);
});

test('beyond loopback there is TLS', () => {
  const made = parseOptions(['--host', '0.0.0.0', '--api-self-signed'], {})!;
  assert.deepEqual([made.host, made.tls], ['0.0.0.0', { kind: 'self-signed' }]);
  const given = parseOptions(['--host', '::', '--api-certificate', 'c.pem'], { EVENKEEL_API_KEY: '/k.pem' })!;
  assert.deepEqual(given.tls, { kind: 'files', certificate: resolve('c.pem'), key: '/k.pem' });
  assert.equal(parseOptions([], {})!.tls, null);
});

test('others are told of an address that nobody can listen in to', () => {
  for (const url of [
    'https://10.0.0.1:7700',
    'https://control.example',
    'http://127.0.0.1:7700',
    'http://[::1]:7700',
  ]) {
    assert.equal(parseOptions(['--advertise', url], {})!.advertise, url);
  }
});

for (const [args, says] of [
  [
    ['--advertise', 'http://10.0.0.1:7700'],
    /--advertise http:\/\/10\.0\.0\.1:7700 is neither https nor a loopback address/,
  ],
  [['--advertise', 'http://localhost:7700'], /give an https URL/],
  [['--advertise', 'https://10.0.0.1/v1'], /is not the address of an API/],
  [['--advertise', '10.0.0.1:7700'], /is not the address of an API/],
  [['--host', '0.0.0.0'], /--host 0\.0\.0\.0 is not a loopback address/],
  [['--host', '10.0.0.1'], /is not a loopback address/],
  [['--host', '0.0.0.0'], /without TLS; give --api-certificate and --api-key, or --api-self-signed/],
  [['--host', 'localhost'], /--host localhost is not an address/],
  [['--host', 'localhost', '--api-self-signed'], /--host localhost is not an address/],
  [['--api-key', 'k'], /--api-key is of no use without --api-certificate/],
  [['--api-certificate', 'c'], /--api-certificate is of no use without --api-key/],
  [['--api-certificate', 'c', '--api-key', 'k', '--api-self-signed'], /leave out --api-certificate and --api-key/],
  [['--port', '65536'], /--port 65536 is not a port/],
  [['--port', ''], /is not a port/],
  [['--vip-network6', '10.0.0.0/24'], /10\.0\.0\.0\/24 is not an IPv6 network such as/],
  [['--vip-network6', 'fd77::1/64'], /fd77::1\/64 is not an IPv6 network/],
  [['--vip-network6', '::/0'], /is not an IPv6 network/],
  [['--vip-pool', 'x'], /--vip-pool x is not an IPv4 network/],
  [['--elastic-ip-pool', '127.0.0.1/16'], /--elastic-ip-pool 127\.0\.0\.1\/16 is not an IPv4 network/],
  [['--quota', 'listeners=5'], /--quota listeners=5 is not a quota; .*loadBalancers/],
  [['--quota', 'loadBalancers=x'], /is not a quota/],
  [['--rate-limit', 'requestsPerUser=0'], /not a rate limit; .*failuresPerSource.* from 1 to 1000000/],
  [['--quota', 'toString=1'], /is not a quota/],
  [['--log-level', 'loud'], /--log-level loud is not a level; .*warn/],
  [['--nonsense'], /--nonsense.*see --help/],
  [['stray'], /stray.*see --help/],
] as const) {
  test(`refuses ${args.join(' ')}`, () => {
    assert.throws(
      () => parseOptions(args, {}),
      (error) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, says);
        return true;
      },
    );
  });
}

test('metrics have an address of their own when one is given, beyond loopback with TLS alone', () => {
  const metricsOf = (place: string, ...more: string[]) =>
    parseOptions(['--control-metrics', place, ...more], {})!.metrics;
  assert.equal(parseOptions([], {})!.metrics, null);
  assert.deepEqual(metricsOf('127.0.0.2:7703'), { host: '127.0.0.2', port: 7703 });
  assert.deepEqual(metricsOf('[::1]:0'), { host: '::1', port: 0 });
  assert.deepEqual(metricsOf('0.0.0.0:9', '--api-self-signed'), { host: '0.0.0.0', port: 9 });
  assert.throws(() => metricsOf('192.0.2.1:9'), /not served beyond this machine without TLS/);
  for (const wrong of ['7703', 'localhost:1', '127.0.0.1:70000', '::1:5', '127.0.0.1:']) {
    assert.throws(() => metricsOf(wrong), /is no address with a port; give one such as 127\.0\.0\.1:7703/, wrong);
  }
});

test('days on which the end of certificates is told', () => {
  const daysOf = (text: string) => parseOptions(['--certificate-notice', text], {})!.certificateNotice;
  assert.deepEqual(parseOptions([], {})!.certificateNotice, [30, 14, 7, 1]);
  assert.deepEqual(daysOf('60,5,60'), [60, 5]);
  for (const wrong of ['', '0', '366', '1,', 'x', '1,2,3,4,5,6,7,8,9,10,11']) {
    assert.throws(
      () => daysOf(wrong),
      /names no days; give at most 10 numbers from 1 to 365, such as 30,14,7,1/,
      wrong,
    );
  }
});
