import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { type LineProcess, Namespace } from '../../test/namespaces.ts';

const PEER = join(import.meta.dirname, '..', '..', 'test', 'peers', 'device-programs.ts');

suite('devices into containers of this machine', { skip: requiresKernelDatapath('ip', 'nsenter', 'tc') }, () => {
  const namespaces: Namespace[] = [];
  let [node, container]: Namespace[] = [];
  let [onNode, inContainer]: LineProcess[] = [];
  let numbers: Record<string, number> = {};

  before(async () => {
    [node, container] = ['node', 'container'].map((name) => {
      namespaces.push(new Namespace(name));
      return namespaces.at(-1)!;
    }) as [Namespace, Namespace];
    for (const number of [1, 2]) node!.join(`out${number}`, '', container!, `eth${number}`, `10.79.${number}.2/24`);
    node!.ip('link add near type veth peer name near-too');
    for (const device of ['near', 'near-too']) node!.ip(`link set ${device} up`);
    node!.ip('link add bridge type bridge');
    numbers = { out1: node!.deviceNumber('out1'), out2: node!.deviceNumber('out2') };
    onNode = node!.start(process.execPath, PEER);
    inContainer = container!.start(process.execPath, PEER);
    await Promise.all([onNode.line(), inContainer.line()]);
  });

  after(async () => {
    for (const namespace of namespaces) await namespace.remove();
  });

  async function expect(...names: string[]): Promise<void> {
    const devices = await onNode!.ask<number[]>('devices');
    assert.deepEqual(
      devices,
      names.map((name) => numbers[name]),
    );
  }

  test('one end here, the other in another network namespace', () => expect('out1', 'out2'));

  test('not one that is down', async () => {
    node!.ip('link set out1 down');
    await expect('out2');
    node!.ip('link set out1 up');
    await expect('out1', 'out2');
  });

  test('not one with a queueing discipline, or with what filters by clsact', async () => {
    node!.run(...'tc qdisc add dev out1 root tbf rate 1gbit burst 1mbit latency 50ms'.split(' '));
    await expect('out2');
    node!.run(...'tc qdisc add dev out2 clsact'.split(' '));
    await expect();
    node!.run(...'tc qdisc del dev out1 root'.split(' '));
    node!.run(...'tc qdisc del dev out2 clsact'.split(' '));
    await expect('out1', 'out2');
  });

  test('not one with a program at its egress; one at its ingress is no matter', async () => {
    await onNode!.ask(`attach ${numbers.out1} 47`);
    await onNode!.ask(`attach ${numbers.out2} 46`);
    await expect('out2');
    await onNode!.ask('detach');
    await expect('out1', 'out2');
  });

  test('nor one whose other end has a program at XDP', async () => {
    await inContainer!.ask(`attach ${container!.deviceNumber('eth2')} 37`);
    await expect('out1');
    await inContainer!.ask('detach');
    await expect('out1', 'out2');
  });
});
