import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import type { LineProcess } from '../packages/flow/test/namespaces.ts';
import { CLIENTS, ForwardingSite } from './product/forwarding-site.ts';

const UPLOAD = 8 * 1024 * 1024;
/** Load balancers by name: their VIP, their mode, and the family of their targets' addresses. */
const DIRECT = {
  l2: ['10.77.100.1', 'l2', 0],
  ipip: ['10.77.100.2', 'ipip', 0],
  gue: ['10.77.100.3', 'gue', 0],
  'ipip to IPv6 targets': ['10.77.100.4', 'ipip', 1],
  'gue to IPv6 targets': ['10.77.100.5', 'gue', 1],
  'l2 over IPv6': ['fd77:100::1', 'l2', 1],
  'gue over IPv6 to IPv4 targets': ['fd77:100::2', 'gue', 0],
} as const satisfies Record<string, readonly [string, string, 0 | 1]>;
/** What is tried in the driver as well; each load balancer takes seconds. */
const AT_XDP: readonly string[] = ['l2', 'ipip', 'gue to IPv6 targets', 'l2 over IPv6'];
const RANGE = '10.77.100.10';
const OVER_IPV6 = 'fd77:100::10';

/** Both targets answer, over TCP and UDP, to the client's own address, and a large upload arrives. */
async function holds(client: LineProcess, address: string): Promise<void> {
  const both = new Set([`target1 ${address}`, `target2 ${address}`]);
  assert.deepEqual(new Set(await client.ask<string[]>('fresh 40')), both);
  const datagrams = await client.ask<string[]>('datagrams 20');
  assert.deepEqual(new Set(datagrams.map((answer) => answer.split(' ')[1])), new Set([address]));
  assert.equal(await client.ask<boolean>(`upload ${UPLOAD}`), true);
}

const clientOf = (vip: string) => (vip.includes(':') ? CLIENTS[1] : CLIENTS[0]);

for (const point of ['tcx', 'xdp'] as const) {
  const programs = ['ip', 'nsenter', 'sysctl', ...(point === 'xdp' ? ['ethtool'] : [])];
  suite(`ways to targets, through API and agent, at ${point}`, { skip: requiresKernelDatapath(...programs) }, () => {
    const site = new ForwardingSite();
    const direct = Object.entries(DIRECT).filter(([name]) => point === 'tcx' || AT_XDP.includes(name));
    const vips = direct.map(([, [vip]]) => vip);

    before(async () => {
      await site.open(vips, point === 'xdp');
      await site.serve(vips, 80);
      await site.start('--datapath-attach', point);
    });
    after(() => site.close());

    for (const [index, [name, [vip, mode, family]]] of direct.entries()) {
      test(`${name}: targets answer directly`, async () => {
        const balancer = `direct-${index}`;
        await site.create(balancer, vip, 'tcp-udp:80', mode, family);
        assert.equal(site.datapath(`${balancer}/tcp-udp-80`), `kernel (${point})`);
        await holds(site.client(vip, 80), clientOf(vip));
      });
    }

    test('nat over IPv6', async () => {
      await site.serve([], 8080);
      await site.create('nat6', OVER_IPV6, 'tcp-udp:8080', 'nat', 1);
      assert.equal(site.datapath('nat6/tcp-udp-8080'), `kernel (${point})`);
      await holds(site.client(OVER_IPV6, 8080), CLIENTS[1]);
    });

    test('a range of ports: targets hear on the one that the client asked for', async () => {
      await site.serve([], 9000, 9003);
      await site.create('range', RANGE, 'tcp-udp:9000-9003', 'nat', 0);
      assert.equal(site.datapath('range/tcp-udp-9000-9003'), `kernel (${point})`);
      for (const port of [9000, 9003]) await holds(site.client(RANGE, port), CLIENTS[0]);
    });
  });
}
