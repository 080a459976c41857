import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Explanation } from '@evenkeel/model/resources/explanation.ts';
import type { Flows } from '@evenkeel/model/resources/flow.ts';
import type { ListenerTraffic } from '@evenkeel/model/resources/traffic.ts';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import type { LineProcess } from '../packages/flow/test/namespaces.ts';
import { CLIENT, KernelSite, OWN_VIP, TARGETS, VIP } from './product/kernel-site.ts';

const UPLOAD = 8 * 1024 * 1024;
const PROMTOOL = '/usr/bin/promtool';
const FLOOD_EVENTS = ['flood.begun', 'flood.ended'] as const;
/** SYN in a second: a fraction of what `syn-flood.ts` sends, and many times what the client does. */
const SYN_ALARM = 200;
/** Milliseconds for a connection that nobody should answer: a SYN, and the next one after a second. */
const KNOCK = 'knock 1500';

const isTargetFlows = (name: string) => name.startsWith('evenkeel_kernel_target_flows_total');
const addressed = (names: readonly string[]) => new Set(names.map((name) => `${name} ${CLIENT}`));

suite('a network load balancer between network namespaces', {
  skip: requiresKernelDatapath('ip', 'nsenter', 'curl'),
}, () => {
  const site = new KernelSite();
  let client: LineProcess;
  const json = (...words: string[]) => JSON.parse(site.cli(...words, '--json'));
  const listenerId = () => json('listener', 'show', 'net/tcp-udp-80').id as string;
  const create = (name: string, vip: string, port: number) =>
    site.cli(
      ...['lb', 'create', name, '--type', 'network', '--vip', vip, '--listener', `tcp-udp:${port}`],
      ...TARGETS.flatMap((address) => ['--target', `${address}:8080`]),
      ...['--target-port', '8080', '--health-interval', '1', '--health-rise', '1'],
    );

  before(async () => {
    await site.open();
    await site.startAgent('auto');
    client = site.client();
  });
  after(() => site.close());

  test('in the kernel: chosen by itself', async () => {
    assert.deepEqual(site.pinned(), [], 'nothing is loaded before it is needed');
    create('net', VIP, 80);
    const [shown] = json('listener', 'show', 'net/tcp-udp-80').nodes;
    assert.deepEqual([shown.datapath, shown.datapathReason], ['kernel (tcx)', '']);
    const opened = await client.ask<string[]>('open 20');
    assert.deepEqual(new Set(opened), addressed(['target1', 'target2']), 'both, with the address of the client');
    const datagrams = await client.ask<string[]>('datagrams 20');
    assert.equal(
      datagrams.every((answer) => / 10\.78\.0\.2 \d+$/.test(answer)),
      true,
    );
    await site.untilHealthy(2);
  });

  test('in the kernel: what is carried is counted as in the proxy, and flows are seen', async () => {
    const path = `/v1/listeners/${listenerId()}/traffic`;
    const traffic: ListenerTraffic = json('traffic', 'net/tcp-udp-80');
    const { connections, bytesReceived, bytesSent, kernel } = traffic;
    assert.ok(connections >= 40, `20 connections and 20 flows of UDP: ${connections}`);
    assert.ok(bytesReceived > 40 * 60 && bytesSent > 40 * 60, `${bytesReceived} and ${bytesSent} bytes`);
    assert.ok(kernel !== null && kernel.packetsReceived > 60 && kernel.packetsSent > 60);

    const { flows, listeners } = json('flows', 'net/tcp-udp-80') as Flows;
    const established = flows.filter(({ protocol, state }) => protocol === 'tcp' && state === 'established');
    assert.equal(established.length, 20);
    assert.deepEqual(new Set(established.map(({ client, vip }) => `${client} ${vip}`)), new Set([`${CLIENT} ${VIP}`]));
    assert.equal(new Set(established.map(({ targetId }) => targetId)).size, 2);
    assert.deepEqual([listeners[0]?.datapath, listeners[0]?.sampledOneIn], ['kernel', 1]);
    assert.deepEqual(json('flows', '--client', '192.0.2.99').flows, []);
    const explained = (port: number, ...more: string[]): Explanation =>
      json('explain', 'net/tcp-udp-80', '--source', CLIENT, '--source-port', String(port), ...more);
    for (const { clientPort, targetId } of established.slice(0, 2)) {
      assert.equal(explained(clientPort).kernel?.following.targetId, targetId, 'explain says where its packets go');
    }
    assert.equal(await client.ask<boolean>(`upload ${UPLOAD}`), true);
    const [first, second] = (json('flows', '--top', '--limit', '2') as Flows).flows;
    assert.ok(first!.bytesPerSecond! > 20 * (second?.bytesPerSecond ?? 0), 'the upload is what sends the most');
    await site.until(
      'flows that are alive are counted',
      () => site.api.get<ListenerTraffic>(path).activeConnections >= 40,
    );

    if (existsSync(PROMTOOL)) {
      const check = execFileSync(PROMTOOL, ['check', 'metrics'], { input: site.metrics(), encoding: 'utf8' });
      assert.equal(check, '');
    }
  });

  test('in the kernel: alive through the death of the agent, and the next one counts on', async () => {
    const counted = site.counters();
    assert.ok(counted.size > 10, `${counted.size} counters`);
    await site.endAgent('SIGKILL');
    assert.equal((await client.ask<string[]>('ask')).length, 20, 'connections live on without an agent');
    assert.equal((await client.ask<string[]>('fresh 10')).length, 10, 'new ones too');
    await site.startAgent('auto');
    await site.untilActive('another agent has taken over', 80);
    assert.equal(site.listener(80).datapath, 'kernel (tcx)');
    assert.equal((await client.ask<string[]>('ask')).length, 20);
    assert.equal(await client.ask<boolean>(`upload ${UPLOAD}`), true);
    const now = site.counters();
    for (const [name, value] of counted) assert.ok((now.get(name) ?? 0) >= value, `${name} is not set back`);
    const path = `/v1/listeners/${listenerId()}/traffic`;
    await site.until('they are counted again', () => site.api.get<ListenerTraffic>(path).activeConnections >= 20);

    await site.endAgent('SIGKILL');
    writeFileSync(join(site.home, 'agent', 'kernel.json'), '{');
    await site.startAgent('auto');
    await site.untilActive('an agent without a record has begun anew', 80);
    assert.equal((await client.ask<string[]>('fresh 10')).length, 10);
  });

  test('in the kernel: a flood of SYN raises the alarm, and clients get through the challenge', async () => {
    site.cli('listener', 'update', 'net/tcp-udp-80', '--syn-alarm', String(SYN_ALARM));
    const later = site.client();
    const opened = await later.ask<string[]>('open 5');
    const flood = await site.flood();
    await site.until('the alarm is told of', () => site.events(...FLOOD_EVENTS).length === 1);
    assert.match(site.metrics(), /^evenkeel_listener_flood\{.*\} 1$/m);
    const reached = () =>
      [...site.counters()].reduce((sum, [name, count]) => sum + (isTargetFlows(name) ? count : 0), 0);
    const [flows, challenged, verified] = [reached(), site.outcome('challenged'), site.outcome('verified')];
    assert.equal((await later.ask<string[]>('fresh 10')).length, 10);
    assert.deepEqual(await later.ask<string[]>('ask'), opened, 'connections that are open go on');
    assert.ok(site.outcome('verified') > verified, 'the client has answered a challenge');
    await site.until('much of the flood is challenged', () => site.outcome('challenged') - challenged >= 5 * SYN_ALARM);
    // The client may have sent some of its SYN again.
    assert.ok(reached() - flows < SYN_ALARM, `${reached() - flows} connections have reached targets`);
    await Promise.all([flood.kill(), later.kill()]);
  });

  test('in the kernel: connections to a target that is deregistered go on for the drain time', async () => {
    await site.untilHealthy(2);
    const later = site.client();
    const opened = await later.ask<string[]>('open 20');
    assert.equal(new Set(opened).size, 2);
    site.cli('target', 'deregister', `${TARGETS[1]}:8080`, '--lb', 'net', '--yes');
    assert.deepEqual(new Set(await later.ask<string[]>('fresh 10')), addressed(['target1']));
    assert.deepEqual(await later.ask<string[]>('ask'), opened, 'each is where it was');
    await later.kill();
  });

  test('in the kernel: security groups and block lists say who may open connections, and those that are open go on', async () => {
    const later = site.client();
    const opened = await later.ask<string[]>('open 5');
    /** Nobody answers, and it is for this reason. */
    const isRefused = async (reason: string) => {
      const before = site.dropped(reason);
      return 'error' in (await later.ask<object>(KNOCK)) && site.dropped(reason) > before;
    };
    site.cli('security-group', 'create', 'others', '--rule', 'allow 192.0.2.0/24');
    site.cli('lb', 'update', 'net', '--security-groups', 'others');
    assert.equal(site.listener(80).datapath, 'kernel (tcx)');
    assert.ok(await isRefused('security_group'));
    assert.deepEqual(await later.ask<string[]>('ask'), opened);
    site.cli('security-group', 'update', 'others', '--add-rule', `allow ${CLIENT} tcp:80`);
    assert.equal((await later.ask<string[]>('fresh 5')).length, 5);
    site.cli('block-list', 'add', '10.78.0.0/16', '--reason', 'test');
    // Nobody says when it is in force.
    await site.until('the block list is in force', () => isRefused('blocked'));
    assert.deepEqual(await later.ask<string[]>('ask'), opened);
    site.cli('block-list', 'clear', '--yes');
    await site.until('the block list is empty', async () => typeof (await later.ask<unknown>(KNOCK)) === 'string');
    site.cli('listener', 'update', 'net/tcp-udp-80', '--allowed-sources', '192.0.2.1');
    assert.ok(await isRefused('allowed_sources'));
    await later.kill();
  });

  test('in the kernel: the deny list is first in line, and leaves the API alone', async () => {
    site.cli('listener', 'update', 'net/tcp-udp-80', '--allowed-sources', 'none');
    site.cli('deny-list', 'add', '0.0.0.0/0', '--note', 'all of them');
    const later = site.client();
    const denied = site.outcome('denied');
    await site.until('the deny list is in force', async () => {
      return 'error' in (await later.ask<object>(KNOCK)) && site.outcome('denied') > denied;
    });
    assert.equal(json('deny-list', 'check', CLIENT).denied, true);
    await later.kill();
  });

  test('in the kernel: the alarm ends some seconds after the flood', async () => {
    const events = () => site.events(...FLOOD_EVENTS);
    await site.until('the end is told of', () => events().length === 2);
    assert.deepEqual(events(), ['flood.ended', 'flood.begun']);
    assert.match(site.metrics(), /^evenkeel_listener_flood\{.*\} 0$/m);
  });

  test('an agent that is stopped takes all out of the kernel, the next one puts it there again, and nothing is left of what is deleted', async () => {
    await site.endAgent('SIGTERM');
    assert.deepEqual(site.pinned(), []);
    await site.startAgent('auto');
    await site.untilActive('the next one serves', 80);
    assert.equal(site.pinned().length, 1);
    const later = site.client();
    await site.until('the deny list is in force again', async () => 'error' in (await later.ask<object>(KNOCK)));
    site.cli('deny-list', 'add', CLIENT, '--allow');
    await site.until('who is allowed may', async () => typeof (await later.ask<unknown>(KNOCK)) === 'string');
    await later.kill();
    site.cli('listener', 'delete', 'net/tcp-udp-80', '--yes');
    await site.until('nothing is left of it', () => site.pinned().length === 0);
    assert.equal(existsSync(join(site.home, 'agent', 'kernel.json')), false);
  });

  test('in userspace: the same for whoever uses it, and the API says why', async () => {
    await site.endAgent('SIGTERM');
    await site.startAgent('userspace');
    create('plain', OWN_VIP, 81);
    const { datapath, datapathReason, state } = site.listener(81);
    assert.deepEqual([datapath, datapathReason, state], ['userspace', 'the node is set to userspace', 'active']);
    const other = site.client(OWN_VIP, 81);
    const answers = await other.ask<string[]>('fresh 10');
    assert.deepEqual(new Set(answers.map((answer) => answer.split(' ')[0])), new Set(['target1', 'target2']));
    assert.equal((await other.ask<string[]>('datagrams 20')).length, 20);
    await site.endAgent('SIGKILL');
    await site.startAgent('userspace');
    await site.untilActive('another agent serves', 81);
    assert.equal((await other.ask<string[]>('fresh 10')).length, 10);
    assert.equal((await other.ask<string[]>('datagrams 20')).length, 20);
    assert.equal(await other.ask<boolean>(`upload ${UPLOAD}`), true);
    const open = await other.ask<string[]>('open 2');
    site.cli('deny-list', 'add', CLIENT);
    await site.until('the deny list is in force', async () => 'error' in (await other.ask<object>(KNOCK)));
    const { refused } = json('traffic', 'plain/tcp-udp-81') as ListenerTraffic;
    assert.equal(refused[0]?.reason, 'deny-list');
    assert.deepEqual(await other.ask<string[]>('ask'), open, 'connections that are open go on');
    site.cli('deny-list', 'clear', '--yes');
  });
});
