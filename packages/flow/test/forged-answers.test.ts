import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { ensureBpfFileSystem } from '../src/loader/bpffs.ts';
import { type LineProcess, Namespace } from './namespaces.ts';
import type { Work } from './peers/balancer.ts';

const [CLIENT, TARGET, VIP] = ['10.77.0.2', '10.77.1.2', '203.0.113.1'];
const peer = (name: string) => [process.execPath, join(import.meta.dirname, 'peers', `${name}.ts`)];
/** Where the way to the VIP leads, from the node: nowhere, to the client's side, to the targets' side, to itself. */
const PLACES = {
  nowhere: null,
  'by node0': `route add default via ${CLIENT}`,
  'by node1': `route add default via ${TARGET}`,
  'here, on node0': `addr add ${VIP}/32 dev node0`,
  'here, on node1': `addr add ${VIP}/32 dev node1`,
  'here, on lo': `addr add ${VIP}/32 dev lo`,
} as const;
type Place = keyof typeof PLACES;

/** As the kernel's fib_validate_source has it; `filter` is that of node1, where answers come in. */
function isLost(place: Place, filter: number, acceptsLocal: number): boolean {
  if (place.startsWith('here')) return acceptsLocal === 0 || (filter === 1 && place !== 'here, on node1');
  return (filter === 1 && place !== 'by node1') || (filter === 2 && place === 'nowhere');
}

suite('answers of targets that have the VIP as their source by then', {
  skip: requiresKernelDatapath('ip', 'nsenter'),
}, () => {
  const namespaces: Namespace[] = [];
  let node: Namespace;
  let client: LineProcess;
  let server: LineProcess;
  let routes: LineProcess;
  let pins = '';

  before(async () => {
    const add = (name: string) => {
      namespaces.push(new Namespace(name));
      return namespaces.at(-1)!;
    };
    node = add('node');
    node.set('net/ipv4/ip_forward', '1');
    for (const which of ['all', 'default']) node.set(`net/ipv4/conf/${which}/rp_filter`, '0');
    const outside = add('client');
    const target = add('target');
    node.join('node0', '10.77.0.1/24', outside, 'eth0', `${CLIENT}/24`);
    node.join('node1', '10.77.1.1/24', target, 'eth0', `${TARGET}/24`);
    outside.ip('route add default via 10.77.0.1');
    target.ip('route add default via 10.77.1.1');
    server = target.start(...peer('target'), 'target', TARGET, '8080');
    await server.line();
    client = outside.start(...peer('client'), CLIENT, VIP, '80');
    routes = node.start(...peer('routes'), 'node1');
    pins = mkdtempSync('/run/evenkeel-test-');
    ensureBpfFileSystem(pins);
    mkdirSync(join(pins, 'flow'));
  });

  after(async () => {
    for (const namespace of namespaces) await namespace.remove();
    if (pins === '') return;
    execFileSync('umount', [pins]);
    rmdirSync(pins);
  });

  function balance(shortWay: boolean): void {
    const work: Work = {
      pinFolder: join(pins, 'flow'),
      devices: ['node0', 'node1'],
      ...{ vip: VIP, port: 80, settled: true, shortWay },
      targets: [{ address: TARGET, weight: 1 }],
    };
    node.run(...peer('balancer'), JSON.stringify(work));
  }

  async function eachWay(check: (place: Place, filter: number, acceptsLocal: number) => Promise<void>): Promise<void> {
    for (const [place, command] of Object.entries(PLACES)) {
      if (command !== null) node.ip(command);
      for (const filter of [0, 1, 2]) {
        for (const acceptsLocal of [0, 1]) {
          node.set('net/ipv4/conf/node1/rp_filter', String(filter));
          node.set('net/ipv4/conf/node1/accept_local', String(acceptsLocal));
          await check(place as Place, filter, acceptsLocal);
        }
      }
      if (command !== null) node.ip(command.replace(' add ', ' del '));
    }
  }

  /** Who is not to be lost has all the time that it takes. */
  async function meets(lost: boolean, what = ''): Promise<void> {
    if (lost) assert.equal(typeof (await client.ask<string | object>('knock 300')), 'object', what);
    else assert.deepEqual(await client.ask<string[] | object>('fresh 1'), [`target ${CLIENT}`], what);
  }

  test('where the kernel routes them, it drops them for their source, and says beforehand that it would', async () => {
    balance(false);
    await eachWay(async (place, filter, acceptsLocal) => {
      const what = `VIP ${place}, rp_filter=${filter}, accept_local=${acceptsLocal}`;
      const lost = isLost(place, filter, acceptsLocal);
      assert.equal(await routes.ask(`${VIP} ${TARGET}`), lost, `the kernel's word: ${what}`);
      const holder = place.startsWith('here') ? node.deviceNumber(place.split(' ').at(-1)!) : null;
      assert.equal(await routes.ask(VIP), holder, what);
      await meets(lost, what);
    });
  });

  test('the larger filter of the device and of all holds', async () => {
    node.set('net/ipv4/conf/node1/rp_filter', '0');
    node.ip(PLACES['by node0']);
    for (const filter of [1, 2]) {
      node.set('net/ipv4/conf/all/rp_filter', String(filter));
      assert.equal(await routes.ask(`${VIP} ${TARGET}`), filter === 1);
      await meets(filter === 1);
    }
    node.set('net/ipv4/conf/all/rp_filter', '0');
    node.ip(PLACES['by node0'].replace(' add ', ' del '));
  });

  test('the kernel tells of another filter, and of a rule for routes', async () => {
    const isNews = () => routes.ask<boolean>('news');
    while (await isNews()); // of what the tests before have done
    node.set('net/ipv4/conf/node1/rp_filter', '1');
    assert.equal(await isNews(), true);
    while (await isNews());
    node.ip('rule add priority 77 table main');
    assert.equal(await isNews(), true);
    node.ip('rule del priority 77');
  });

  test('sent on by the program, all of them get there', async () => {
    balance(true);
    await eachWay(async (place, filter, acceptsLocal) => {
      await meets(false, `VIP ${place}, rp_filter=${filter}, accept_local=${acceptsLocal}`);
    });
  });

  test('so does what a target says of a packet, from a VIP that is an address of the node', async () => {
    await server.kill();
    node.set('net/ipv4/conf/node1/rp_filter', '1');
    node.set('net/ipv4/conf/node1/accept_local', '0');
    node.ip(PLACES['here, on lo']);
    assert.equal(await client.ask<string | object>('refused'), 'ECONNREFUSED');
  });
});
