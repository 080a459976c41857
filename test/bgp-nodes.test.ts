import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import type { LineProcess, Namespace } from '../packages/flow/test/namespaces.ts';
import type { Steadiness } from '../packages/flow/test/peers/steady-flows.ts';
import { CLIENT, NODES, TARGETS, VIP, type ZoneNode, ZoneSite } from './product/zone-site.ts';

const GUIDE = join(import.meta.dirname, '..', 'docs', 'guide', 'several-nodes.md');
const STEADY = join(import.meta.dirname, '..', 'packages', 'flow', 'test', 'peers', 'steady-flows.ts');
const FLOWS = 200;
/** Milliseconds between two questions of a connection, and what the loss of a node may cost. */
const PACE = 100;
const LONGEST_WAIT = 500;
/** Other work on the machine makes waits longer, never shorter: the best of some losses counts. */
const LOSSES = 5;

/** The example of the guide that begins with this comment. */
function example(comment: string): string {
  const found = [...readFileSync(GUIDE, 'utf8').matchAll(/```bird\n(# .*\n)([^`]*)```/g)].find(
    ([, head]) => head === `# ${comment}\n`,
  );
  assert.ok(found, `the guide has an example "${comment}"`);
  return found[2]!;
}

suite('nodes that announce their VIPs by BGP', {
  skip: requiresKernelDatapath('ip', 'nsenter', 'curl', 'bird', 'birdc'),
}, () => {
  const site = new ZoneSite();
  const daemons = new Map<Namespace, LineProcess>();
  let client: LineProcess;

  const startBird = (namespace: Namespace, name: string, configuration: string) => {
    const file = join(site.folder, `${name}.conf`);
    writeFileSync(file, configuration);
    daemons.set(namespace, namespace.start('bird', '-f', '-c', file, '-s', join(site.folder, `${name}.ctl`)));
  };
  const startNodeBird = ({ namespace, name }: ZoneNode, index: number) => {
    const own = example('On node lb-1').replaceAll(NODES[0], NODES[index]!);
    startBird(namespace, name, own);
  };
  const hops = () => {
    const [route] = JSON.parse(site.router.run('ip', '-j', 'route', 'show', `${VIP}/32`)) as {
      readonly gateway?: string;
      readonly nexthops?: readonly { readonly gateway: string }[];
    }[];
    const all = route?.nexthops?.map(({ gateway }) => gateway) ?? (route?.gateway ? [route.gateway] : []);
    return all.sort();
  };
  const untilRouted = (...nodes: number[]) => {
    const wanted = nodes.map((node) => NODES[node]!).join();
    return site.until(`the router sends packets to ${wanted}`, () => hops().join() === wanted);
  };
  const report = async () => {
    const said = await client.ask<Steadiness>('report');
    assert.equal(said.broken, 0, JSON.stringify(said));
    return said;
  };
  /** Some rounds of questions and answers. */
  const someTime = () => new Promise((resolve) => setTimeout(resolve, 10 * PACE));

  before(async () => {
    await site.open();
    startBird(site.router, 'router', example('On the router'));
    for (const [index, node] of site.nodes.entries()) startNodeBird(node, index);
    await site.startControl();
    await Promise.all(site.nodes.map((node) => site.startAgent(node, '--announce-table', '7700')));
    site.create(TARGETS[0], TARGETS[1]);
    await site.untilHealthy(2);
    await site.untilShared();
    await untilRouted(0, 1);
    client = site.outside.start(process.execPath, STEADY, CLIENT, VIP, '80', String(PACE));
    await client.ask<Steadiness>(`open ${FLOWS / 2}`);
    // Half of the connections begin after a change, so that the nodes have something to tell each other.
    site.cli('target', 'register', `${TARGETS[2]}:80`, '--group', site.group());
    await site.untilHealthy(3);
    await client.ask<Steadiness>(`open ${FLOWS / 2}`);
    await site.agree(1);
  });
  after(() => site.close());

  test('a node loses its link: no connection breaks, and none waits for long', async (t) => {
    const waits: number[] = [];
    while (waits.length < LOSSES && !(Math.min(...waits) < LONGEST_WAIT)) {
      const lost = waits.length % 2;
      const { name } = site.nodes[lost]!;
      await client.ask('mark');
      site.router.ip(`link set ${name} down`);
      await untilRouted(1 - lost);
      await someTime();
      waits.push((await report()).longestWait);
      site.router.ip(`link set ${name} up`);
      await untilRouted(0, 1);
      await site.untilShared();
      await site.agree(1);
    }
    t.diagnostic(`longest wait: ${waits.join(', ')} ms`);
    assert.ok(Math.min(...waits) < LONGEST_WAIT, `${waits} ms`);
    assert.equal((await report()).flows, FLOWS);
  });

  test('a node is stopped: its VIPs go first, and nobody notices', async (t) => {
    const [, node] = site.nodes as [ZoneNode, ZoneNode];
    await client.ask('mark');
    const ended = node.agent!.ended();
    process.kill(node.agent!.pid, 'SIGTERM');
    await untilRouted(0);
    await ended;
    await someTime();
    t.diagnostic(`longest wait: ${(await report()).longestWait} ms`);
    assert.equal(node.namespace.run('ip', 'route', 'show', 'table', '7700'), '');
    await site.startAgent(node, '--announce-table', '7700');
    await untilRouted(0, 1);
    await someTime();
    await report();
  });

  test('a node agent that crashes takes no VIP with it; a routing daemon that dies does', async (t) => {
    const [node] = site.nodes as [ZoneNode];
    await client.ask('mark');
    await node.agent!.kill();
    await someTime();
    // BFD may lose sight of a node for a moment when the machine is busy; nothing takes the VIP away for good.
    await untilRouted(0, 1);
    await report();
    await daemons.get(node.namespace)!.kill();
    await untilRouted(1);
    await someTime();
    t.diagnostic(`longest wait: ${(await report()).longestWait} ms`);
    startNodeBird(node, 0);
    await site.startAgent(node, '--announce-table', '7700');
    await untilRouted(0, 1);
    await report();
  });

  test('the last listener takes the VIP with it', async () => {
    site.cli('listener', 'delete', 'net/tcp-80', '--yes');
    await site.until('nobody announces it', () => hops().length === 0);
  });
});
