import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { type Balancer, CLIENTS, ForwardingSite } from './product/forwarding-site.ts';

const ALL: readonly Balancer[] = [
  { name: 'nat', vip: '10.77.100.10', port: 8080, mode: 'nat', family: 0 },
  { name: 'source-nat', vip: '10.77.100.20', port: 8080, mode: 'nat', sourceNat: true, family: 0 },
];
/** Of the devices that the targets are behind. */
const PARAMETER = (device: string, name: string) => `net/ipv4/conf/${device}/${name}`;

suite('a node whose kernel would drop answers of targets', {
  skip: requiresKernelDatapath('ip', 'nsenter', 'sysctl', 'curl'),
}, () => {
  const site = new ForwardingSite();
  const { node } = site;

  before(async () => {
    await site.open(['10.77.100.99'], false); // what targets have of their own is of no matter here
    await site.serve([], 80);
    await site.start('--datapath', 'auto', '--datapath-routing', 'kernel');
    // A way to the VIP, as nodes have one to everywhere.
    node.ip(`route add default via ${CLIENTS[0]}`);
    await site.create(ALL);
  });
  after(() => site.close());

  const carried = (what: RegExp) => () => site.datapathsWithReasons().every((told) => what.test(told));
  const KERNEL = /^kernel \(tcx\)$/;
  async function answersBoth(): Promise<void> {
    for (const { vip, port } of ALL) {
      const client = await site.client(vip, port);
      const seen = new Set((await client.ask<string[]>('fresh 40')).map((answer) => answer.split(' ')[0]));
      assert.deepEqual(seen, new Set(['target1', 'target2']));
    }
  }

  test('with a loose filter the kernel carries the listener', async () => {
    for (const device of ['node1', 'node2']) node.set(PARAMETER(device, 'rp_filter'), '2');
    await site.until('the kernel has it', carried(KERNEL));
    await answersBoth();
  });

  test('with a strict one on a single device the proxy does, where the node has the VIP, and says why', async () => {
    for (const { vip } of ALL) node.ip(`addr add ${vip}/32 dev lo`);
    for (const device of ['node1', 'node2']) node.set(PARAMETER(device, 'accept_local'), '1');
    node.set(PARAMETER('node2', 'rp_filter'), '1');
    await site.until('the proxy has it', carried(/^userspace: answers .* node2 .*conf\.node2\.rp_filter=2$/));
    await answersBoth();
  });

  test('the remedy that is named brings it back to the kernel', async () => {
    node.run('sysctl', '-qw', 'net.ipv4.conf.node2.rp_filter=2');
    await site.until('the kernel has it', carried(KERNEL));
    await answersBoth();
  });

  test('an address of the node wants accept_local', async () => {
    node.set(PARAMETER('node1', 'accept_local'), '0');
    node.set(PARAMETER('node2', 'rp_filter'), '0'); // of this the kernel tells
    const wanted =
      /^userspace: answers .* 10\.77\.100\.[12]0, an address of this node: .* net\.ipv4\.conf\.node1\.accept_local=1$/;
    await site.until('the proxy has it', carried(wanted));
    await answersBoth();
  });
});
