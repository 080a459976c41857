import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fullSnapshot } from '../../test/snapshot.ts';
import { exposition, METRICS } from './exposition.ts';

const PROMTOOL = '/usr/bin/promtool';
const ROOT = join(import.meta.dirname, '..', '..', '..', '..');

async function text(targets?: number): Promise<string> {
  let whole = '';
  for await (const part of exposition(fullSnapshot(targets))) whole += part;
  return whole;
}

test('each value stands under its name and labels', async () => {
  const lines = (await text()).split('\n');
  for (const expected of [
    'evenkeel_node_info{node="node-1",zone="z1",version="0.1.0",reactor="portable"} 1',
    'evenkeel_plan_version 12',
    'evenkeel_plan_applied_version 11',
    'evenkeel_plan_objects{kind="target"} 2',
    'evenkeel_listener_requests_total{load_balancer="lb-1",listener="lsn-1"} 100',
    'evenkeel_listener_responses_total{load_balancer="lb-1",listener="lsn-1",class="5xx"} 2',
    'evenkeel_listener_ended_total{load_balancer="lb-1",listener="lsn-1",reason="client-request"} 3',
    'evenkeel_listener_request_duration_seconds_bucket{load_balancer="lb-1",listener="lsn-1",le="0.01"} 90',
    'evenkeel_listener_request_duration_seconds_bucket{load_balancer="lb-1",listener="lsn-1",le="+Inf"} 100',
    'evenkeel_listener_refused{listener="lsn-1",code="address-in-use"} 1',
    'evenkeel_target_replays_total{service="svc-1",target="tgt-0"} 1',
    'evenkeel_target_healthy{service="svc-1",target="tgt-1"} 0',
    'evenkeel_service_targets{service="svc-1",state="unhealthy"} 1',
    'evenkeel_probes_total{protocol="tcp",result="CONNECT_FAILED"} 1',
    'evenkeel_probe_lag_seconds 0.25',
    'evenkeel_kernel_listener_drops_total{listener="lsn-1",reason="fragment"} 1',
    'evenkeel_kernel_target_drops_total{service="svc-1",target="tgt-0",reason="no_next_hop"} 1',
    'evenkeel_kernel_listener_active_flows{listener="lsn-1"} 64',
    'evenkeel_kernel_listener_active_flows_error{listener="lsn-1"} 12',
    'evenkeel_access_log_dropped_total{cause="ring"} 7',
    'evenkeel_access_log_dropped_total{cause="write"} 4',
  ]) {
    assert.ok(lines.includes(expected), `${expected} is missing`);
  }
  const info = lines.find((line) => line.startsWith('evenkeel_listener_info'));
  assert.match(info ?? '', /listener_name="a \\"quoted\\" \\\\ name\\nin two lines"/);
});

test('the full snapshot has a line for every metric', async () => {
  const whole = await text();
  for (const { name } of METRICS) assert.match(whole, new RegExp(`^${name}(_count)?(\\{| )`, 'm'), name);
});

test('metrics of thousands of lines are made in slices and read as one', async () => {
  const lines = (await text(2500)).split('\n');
  assert.equal(lines.filter((line) => line.startsWith('evenkeel_target_responses_total{')).length, 12_500);
  for (const { name } of METRICS) {
    assert.equal(lines.filter((line) => line.startsWith(`# TYPE ${name} `)).length, 1, name);
  }
  assert.equal(lines.filter((line) => line === '').length, 1, 'the end of the last line');
});

test('promtool has nothing to say against the metrics', (context) => {
  if (!existsSync(PROMTOOL) && process.env['EVENKEEL_REQUIRE_ALL'] !== '1') {
    context.skip('promtool is not installed');
    return;
  }
  return text().then((input) => {
    const check = spawnSync(PROMTOOL, ['check', 'metrics'], { input, encoding: 'utf8' });
    assert.equal(check.stderr + check.stdout, '');
    assert.equal(check.status, 0);
  });
});

test('the documentation names every metric with its type, and no other', () => {
  const page = readFileSync(join(ROOT, 'docs', 'operations', 'metrics.md'), 'utf8');
  const documented = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  assert.deepEqual(documented.sort(), METRICS.map(({ name, type }) => `${name} ${type}`).sort());
});
