import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parseSettings } from './options.ts';
import { StartError } from './start-error.ts';

test('defaults', () => {
  const settings = parseSettings([], {});
  assert.ok(settings);
  assert.equal(settings.home, resolve('.evenkeel'));
  assert.deepEqual(settings.controlUrls, ['http://127.0.0.1:7700']);
  assert.equal(settings.metricsPort, 7701);
  assert.equal(settings.reactor, 'auto');
  const datapath = {
    setting: 'auto',
    attach: 'auto',
    routing: 'direct',
    containers: 'direct',
    devices: [],
    bpfFolder: '/sys/fs/bpf',
    writtenFlows: 1_048_576,
  };
  assert.deepEqual(settings.datapath, datapath);
  assert.deepEqual(settings.sharing, { address: 'auto', port: 7702, announceTable: 0 });
  assert.equal(settings.drainTimeout, 10_000);
  assert.equal(settings.whenRevoked, 'serve');
  assert.equal(settings.nodeName, undefined);
  assert.ok(settings.workers >= 1 && settings.workers <= 4);
});

test('flags win over the environment, the environment over defaults', () => {
  const environment = { EVENKEEL_METRICS_PORT: '1', EVENKEEL_ZONE: 'z2', EVENKEEL_SUPERVISED: '1' };
  const settings = parseSettings(['--metrics-port', '0', '--workers=3'], environment);
  assert.equal(settings?.metricsPort, 0);
  assert.equal(settings?.zone, 'z2');
  assert.equal(settings?.workers, 3);
  assert.equal(settings?.supervised, true);
});

test('--help is asked for', () => {
  assert.equal(parseSettings(['--help'], {}), null);
});

test('what is wrong is said of the variable where that has the value', () => {
  const environment = { EVENKEEL_METRICS_PORT: 'any', EVENKEEL_REACTOR: 'fast' };
  assert.throws(() => parseSettings([], environment), /^StartError: EVENKEEL_METRICS_PORT must be/);
  assert.throws(
    () => parseSettings(['--metrics-port', '1', '--reactor', 'slow'], environment),
    /--reactor must be one of/,
  );
});

const WRONG: readonly (readonly [args: string[], says: RegExp])[] = [
  [['--workers', '0'], /--workers must be a whole number from 1 to 256, not "0"/],
  [['--workers', '2x'], /--workers/],
  [['--metrics-port', '65536'], /--metrics-port must be a whole number from 0 to 65535/],
  [['--when-revoked', 'stop'], /--when-revoked must be one of serve, drain, not "stop"/],
  [['--reactor', 'fast'], /--reactor must be one of auto, uring, portable, not "fast"/],
  [['--datapath', 'fast'], /--datapath must be one of auto, kernel, userspace, not "fast"/],
  [['--datapath-attach', 'nic'], /--datapath-attach must be one of auto, xdp, tcx, not "nic"/],
  [['--datapath-written-flows', '1000'], /--datapath-written-flows must be a whole number from 65536 to 134217728/],
  [['--datapath-containers', 'fast'], /--datapath-containers must be one of direct, device, not "fast"/],
  [['--datapath-routing', 'fast'], /--datapath-routing must be one of direct, kernel, not "fast"/],
  [['--datapath-devices', 'eth0,a/b'], /--datapath-devices must be names of devices such as eth0,eth1, not "a\/b"/],
  [
    ['--flow-sharing', 'node.example'],
    /--flow-sharing must be auto, off or an address of this node, not "node.example"/,
  ],
  [['--flow-sharing', '0.0.0.0'], /--flow-sharing must be/],
  [['--flow-sharing-port', '70000'], /--flow-sharing-port must be a whole number from 0 to 65535/],
  [['--announce-table', '254'], /--announce-table must be a routing table of its own, not 254/],
  [['--control-url', 'localhost:7700'], /--control-url must be an http or https URL/],
  [['--drain-timeout', '-1'], /drain-timeout/],
  [['--unknown'], /--unknown/],
  [['word'], /word/],
];

for (const [args, says] of WRONG) {
  test(`refuses ${args.join(' ')}`, () => {
    assert.throws(
      () => parseSettings(args, {}),
      (error: Error) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, says);
        assert.ok(!error.message.includes('\n'), 'one line');
        return true;
      },
    );
  });
}
