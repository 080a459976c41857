import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartFailure } from './failure.ts';
import { ROOT } from './home.ts';
import { parseStart, type StartOptions } from './options.ts';

test('defaults', () => {
  const options = parseStart([], {});
  assert.ok(options !== 'help');
  const { home, ...rest } = options;
  assert.equal(home.path, `${ROOT}/.evenkeel`);
  const listens = { host: '127.0.0.1', port: 7700, metricsHost: '127.0.0.1', metricsPort: 7701 };
  const plain = { joins: null, tls: false, controlFlags: [], controlMetrics: null };
  assert.deepEqual(rest, { ...listens, ...plain, demo: true, drainTimeout: 10, agentFlags: [] });
});

test('flags win over the environment, and the agent gets its own', () => {
  const args =
    '--home /a --port 0 --metrics-port 9 --no-demo --workers 2 --reactor portable --datapath userspace --zone z1'.split(
      ' ',
    );
  const options = parseStart(args, { EVENKEEL_HOME: '/b' });
  assert.ok(options !== 'help');
  assert.equal(options.home.path, '/a');
  assert.equal(options.home.adminCredential, '/a/credentials/admin.json');
  assert.deepEqual([options.port, options.metricsPort, options.demo], [0, 9, false]);
  assert.deepEqual(options.agentFlags, [
    '--workers',
    '2',
    '--reactor',
    'portable',
    '--datapath',
    'userspace',
    '--zone',
    'z1',
  ]);
  const byEnvironment = parseStart([], { EVENKEEL_HOME: '/b' });
  assert.ok(byEnvironment !== 'help');
  assert.equal(byEnvironment.home.path, '/b');
});

test('what is said of the certificate goes to the control plane; metrics stay on this machine unless it is said', () => {
  const made = parseStart(['--host', '0.0.0.0', '--api-self-signed'], {});
  assert.ok(made !== 'help');
  assert.deepEqual([made.tls, made.controlFlags, made.metricsHost], [true, ['--api-self-signed'], '127.0.0.1']);
  const given = parseStart(['--host', '127.0.0.2', '--api-certificate', 'c'], { EVENKEEL_API_KEY: 'k' });
  assert.ok(given !== 'help');
  assert.deepEqual(given.controlFlags, ['--api-certificate', 'c', '--api-key', 'k']);
  assert.equal(given.metricsHost, '127.0.0.2');
  const wide = parseStart(['--metrics-host', '::'], {});
  assert.ok(wide !== 'help' && wide.metricsHost === '::');
  const pool = parseStart(['--vip-pool', '127.78.0.0/16'], {});
  assert.ok(pool !== 'help');
  assert.deepEqual([pool.tls, pool.controlFlags], [false, ['--vip-pool', '127.78.0.0/16']]);
});

test('a node of another control plane has none of its own, and no demo', () => {
  const url = 'https://control.example.com:7700';
  const options = parseStart(['--join', url, '--node-name', 'lb-2', '--control-ca', 'ca.pem'], {
    EVENKEEL_API_SELF_SIGNED: '1',
  });
  assert.ok(options !== 'help');
  assert.deepEqual([options.joins, options.demo, options.tls, options.controlFlags], [url, false, false, []]);
  assert.deepEqual(options.agentFlags, ['--node-name', 'lb-2', '--control-ca', 'ca.pem']);
});

for (const [args, expected] of [
  [['--join', 'control.example.com'], /--join control\.example\.com is not allowed: give the address/],
  [['--join', 'ftp://control.example.com'], /--join/],
  [['--join', 'http://127.0.0.1:7700', '--host', '127.0.0.1'], /--host is about a control plane.*leave it out/],
  [['--join', 'http://127.0.0.1:7700', '--api-self-signed'], /--api-self-signed/],
  [['--join', 'http://127.0.0.1:7700', '--vip-pool', '127.78.0.0/16'], /--vip-pool is about a control plane/],
  [['--port', '65536'], /--port 65536 is not allowed: give a whole number from 0 to 65535/],
  [['--port', '-1'], /--port/],
  [['--workers', '0'], /--workers 0 is not allowed/],
  [['--host', 'localhost'], /--host localhost is not allowed: give an IPv4 or IPv6 address/],
  [['--reactor', 'epoll'], /auto, uring, portable/],
  [['--datapath', 'ebpf'], /auto, kernel, userspace/],
  [['--prot', '1'], /--prot.*start --help/],
  [['extra'], /extra.*start --help/],
] as const) {
  test(`refused: ${args.join(' ')}`, () => {
    assert.throws(
      () => parseStart(args, {}),
      (error) => error instanceof StartFailure && expected.test(error.message),
    );
  });
}

test('the place of the metrics of the control plane is read from its environment; what is none is left to it', () => {
  const placeOf = (text: string, ...flags: string[]) =>
    (parseStart(flags, { EVENKEEL_CONTROL_METRICS: text }) as StartOptions).controlMetrics;
  assert.deepEqual(placeOf('127.0.0.1:7703'), { host: '127.0.0.1', port: 7703 });
  assert.deepEqual(placeOf('[::1]:0'), { host: '::1', port: 0 });
  for (const text of ['', '7703', 'localhost:7703', '127.0.0.1:70000']) assert.equal(placeOf(text), null, text);
  assert.equal(placeOf('127.0.0.1:7703', '--join', 'https://control.example.com:7700'), null);
});
