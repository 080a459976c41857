import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import type { LineProcess } from '../packages/flow/test/namespaces.ts';
import { type Balancer, CLIENTS, ForwardingSite, TARGETS } from './product/forwarding-site.ts';

const UPLOAD = 8 * 1024 * 1024;
/** Targets have these VIPs themselves, and answer without the node. */
const DIRECT: readonly Balancer[] = [
  { name: 'l2', vip: '10.77.100.1', port: 80, mode: 'l2', family: 0 },
  { name: 'ipip', vip: '10.77.100.2', port: 80, mode: 'ipip', family: 0 },
  { name: 'gue', vip: '10.77.100.3', port: 80, mode: 'gue', family: 0 },
  { name: 'ipip-to-ipv6-targets', vip: '10.77.100.4', port: 80, mode: 'ipip', family: 1 },
  { name: 'gue-to-ipv6-targets', vip: '10.77.100.5', port: 80, mode: 'gue', family: 1 },
  { name: 'l2-over-ipv6', vip: 'fd77:100::1', port: 80, mode: 'l2', family: 1 },
  { name: 'gue-over-ipv6-to-ipv4-targets', vip: 'fd77:100::2', port: 80, mode: 'gue', family: 0 },
];
const OVER_IPV6: Balancer = { name: 'nat-over-ipv6', vip: 'fd77:100::10', port: 8080, mode: 'nat', family: 1 };
const RANGE: Balancer = { name: 'range', vip: '10.77.100.10', port: 9000, lastPort: 9003, mode: 'nat', family: 0 };
/** Targets see the node, at whose address on their link they answer. */
const HIDDEN: readonly [Balancer, Balancer] = [
  { name: 'source-nat', vip: '10.77.100.20', port: 8080, mode: 'nat', sourceNat: true, family: 0 },
  { name: 'source-nat-over-ipv6', vip: 'fd77:100::20', port: 8080, mode: 'nat', sourceNat: true, family: 1 },
];
const ALL = [...DIRECT, OVER_IPV6, RANGE, ...HIDDEN];
const VIPS = DIRECT.map(({ vip }) => vip);

/**
 * Both targets answer, over TCP and UDP, to the client's own address, or to those that are given for each, and a large
 * upload arrives.
 */
async function holds(client: LineProcess, ...seen: readonly [string, string?]): Promise<void> {
  const [first, second = first] = seen;
  const both = new Set([`target1 ${first}`, `target2 ${second}`]);
  assert.deepEqual(new Set(await client.ask<string[]>('fresh 40')), both);
  const datagrams = await client.ask<string[]>('datagrams 20');
  for (const answer of datagrams) assert.ok(both.has(answer.split(' ').slice(0, 2).join(' ')), answer);
  assert.equal(await client.ask<boolean>(`upload ${UPLOAD}`), true);
}

const clientOf = (vip: string) => (vip.includes(':') ? CLIENTS[1] : CLIENTS[0]);

for (const point of ['tcx', 'xdp'] as const) {
  const programs = ['ip', 'nsenter', 'sysctl', 'curl', ...(point === 'xdp' ? ['ethtool'] : [])];
  suite(`ways to targets, through API and agent, at ${point}`, { skip: requiresKernelDatapath(...programs) }, () => {
    const site = new ForwardingSite();

    before(async () => {
      await site.open(VIPS, point === 'xdp');
      await Promise.all([site.serve(VIPS, 80), site.serve([], RANGE.port, RANGE.lastPort!)]);
      await site.start('--datapath-attach', point);
      await site.create(ALL);
    });
    after(() => site.close());

    test('the kernel carries all of them', () => {
      assert.deepEqual(new Set(site.datapaths()), new Set([`kernel (${point})`]));
    });

    for (const { name, vip, port } of DIRECT) {
      test(`${name}: targets answer directly`, async () => holds(await site.client(vip, port), clientOf(vip)));
    }

    test('nat over IPv6', async () => holds(await site.client(OVER_IPV6.vip, OVER_IPV6.port), CLIENTS[1]));

    test('a range of ports: targets hear on the one that the client asked for', async () => {
      for (const port of [RANGE.port, RANGE.lastPort!]) await holds(await site.client(RANGE.vip, port), CLIENTS[0]);
    });

    test('source NAT: targets that have no way to the client answer to the node', async () => {
      site.takeRoutes();
      const plain = await site.client(RANGE.vip, RANGE.port);
      assert.ok('error' in (await plain.ask<object>('knock 300')), 'without it there is no answer');
      for (const { vip, port, family } of HIDDEN) {
        const [first, second] = TARGETS.map(({ node }) => node[family]);
        await holds(await site.client(vip, port), first!, second);
      }
      const listed = site.cli('flows', '--client', CLIENTS[0]);
      assert.match(listed, /10\.77\.100\.20:8080 +10\.77\.1\.2:80 +10\.77\.1\.1:\d+ /);
    });

    test('source NAT: a target may be a client as well, also of itself', async () => {
      for (const { vip, port, family } of HIDDEN) {
        const [first, second] = TARGETS.map(({ node }) => node[family]);
        await holds(await site.clientAtTarget(vip, port), first!, second);
      }
    });

    test('source NAT: an event tells that flows find no port of the node any more', async () => {
      const [{ name, vip, port }] = HIDDEN;
      assert.deepEqual(site.events('ports.exhausted'), []);
      const flood = site.flood(vip, port);
      await site.until('ports are exhausted', () => site.events('ports.exhausted').length > 0);
      await flood.kill();
      const [told] = site.events('ports.exhausted');
      assert.match(told!, new RegExp(`^New flows to listener .* of load balancer ${name} find no port of node `));
    });
  });
}
