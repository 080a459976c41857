import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { TARGETS, ZoneSite } from './product/zone-site.ts';

/** Live connections at the beginning, and those that begin after each change. */
const MANY = Number(process.env['EVENKEEL_FLOWS'] ?? 2_000);
const MORE = 300;

suite('nodes of a zone behind an ECMP route', {
  skip: requiresKernelDatapath('ip', 'nsenter', 'curl'),
  timeout: 280_000,
}, () => {
  const site = new ZoneSite();

  const allLive = async () => {
    const { flows, broken, targets } = await site.survey('ask');
    assert.equal(broken, 0, `broken of ${flows}: ${JSON.stringify(targets)}`);
    return targets;
  };
  const begin = async (count: number) => {
    const { broken, targets } = await site.survey(`open ${count}`);
    assert.equal(broken, 0, 'new connections that found no target');
    return targets;
  };
  /** The agent dies, the kernel of its machine with it, and then the router notices. `least`: flows it has written down. */
  const leave = async (index: number, least: number) => {
    const node = site.nodes[index]!;
    await site.agree(least);
    await site.crash(node);
    site.route(1 - index);
  };
  const enter = async (index: number, least: number) => {
    await site.startAgent(site.nodes[index]!);
    await site.untilShared();
    await site.agree(least);
    site.route(0, 1);
  };

  before(async () => {
    await site.open();
    await site.startControl();
    await Promise.all(site.nodes.map((node) => site.startAgent(node)));
    site.create(TARGETS[0], TARGETS[1]);
    await site.untilHealthy(2);
    await site.untilShared();
    site.route(0, 1);
  });
  after(() => site.close());

  test(`${MANY} connections to both targets; nothing is written down for them`, async () => {
    assert.deepEqual(Object.keys(await begin(MANY)).sort(), ['target1', 'target2']);
    for (const node of site.nodes) assert.equal(site.metric(node, 'evenkeel_flow_sharing_told_total'), 0);
  });

  test('a node leaves, and joins', async () => {
    await leave(1, 0);
    await allLive();
    await enter(1, 0);
    await allLive();
  });

  test('a target is added, and then a node leaves', async () => {
    site.cli('target', 'register', `${TARGETS[2]}:80`, '--group', site.group());
    await site.untilHealthy(3);
    await allLive();
    assert.ok((await begin(MORE)).target3! > 0);
    assert.ok(site.nodes.some((node) => site.metric(node, 'evenkeel_flow_sharing_told_total') > 0));
    await leave(0, 1);
    await allLive();
    await enter(0, 1);
    await allLive();
  });

  test('a target is drained: its connections stay, new ones go elsewhere', async () => {
    site.cli('target', 'update', `${TARGETS[0]}:80`, '--lb', 'net', '--state', 'draining');
    await allLive();
    assert.equal((await begin(MORE)).target1, undefined);
    await allLive();
  });

  test('two changes in a row, and then a node leaves', async () => {
    site.cli('target', 'update', `${TARGETS[2]}:80`, '--lb', 'net', '--weight', '50');
    await begin(MORE);
    await allLive();
    site.cli('target', 'update', `${TARGETS[1]}:80`, '--lb', 'net', '--weight', '0');
    await begin(MORE);
    await allLive();
    await leave(1, 1);
    await allLive();
    await enter(1, 1);
    const targets = await allLive();
    assert.deepEqual(Object.keys(targets).sort(), ['target1', 'target2', 'target3']);
  });

  test('a target is deregistered: its connections go on for the drain time, through a node that leaves', async () => {
    site.cli('target', 'deregister', `${TARGETS[1]}:80`, '--lb', 'net', '--yes');
    await allLive();
    await leave(0, 1);
    assert.ok((await allLive()).target2! > 0);
  });
});
