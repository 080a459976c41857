import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerPaths, type AnswerSource } from './answer-paths.ts';
import { DeviceAnswers } from './device-answers.ts';

const [VIP, OWN_VIP, LOST_VIP, NEAR_VIP] = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];
/** Own addresses by the device that has them; the way to all of them is by another one, as it is in the kernel. */
const HOLDERS = new Map([
  [OWN_VIP, 2],
  [NEAR_VIP, 3],
]);
const ROUTES = new Map([
  ['10.0.0.1', { device: 3, isOwn: false }],
  ['10.0.0.2', { device: 4, isOwn: false }],
  [VIP, { device: 2, isOwn: false }],
  [OWN_VIP, { device: 1, isOwn: true }],
  [NEAR_VIP, { device: 1, isOwn: true }],
]);

/** A kernel that drops everything that comes in by `eth0.7`, with these parameters. */
function kernel(parameters: Record<string, number> = {}) {
  const asked: string[] = [];
  const seen = { now: 0, isNews: false, forgedOn: 3, closed: 0, failure: '', failures: [] as string[] };
  const fail = () => {
    if (seen.failure !== '') throw new Error(seen.failure);
  };
  const source: AnswerSource = {
    routeTo: (address) => {
      fail();
      return ROUTES.get(address) ?? null;
    },
    holder: (address) => HOLDERS.get(address) ?? null,
    isForged: (from, to, device) => {
      fail();
      asked.push(`${from} ${to} ${device}`);
      return device === seen.forgedOn;
    },
    isNews: () => seen.isNews,
    deviceName: () => 'eth0.7',
    parameter: (device, name) => parameters[`${device} ${name}`] ?? 0,
    close: () => {
      seen.closed++;
    },
  };
  const failed = (error: unknown) => seen.failures.push((error as Error).message);
  return { paths: new AnswerPaths(source, failed, () => seen.now), asked, seen };
}

/** The remedy that is named. */
const remedy = (vip: string, parameters: Record<string, number>) =>
  kernel(parameters).paths.refusal(vip, '10.0.0.1').split('drops them: ')[1];

test('what the kernel takes for forged is said with the device, the VIP and the remedy', () => {
  assert.equal(
    kernel({ 'eth0.7 rp_filter': 1 }).paths.refusal(VIP, '10.0.0.1'),
    'answers of targets come in by eth0.7 and leave from 192.0.2.1: the kernel takes them for forged where it routes them, ' +
      'and drops them: sysctl -w net.ipv4.conf.eth0/7.rp_filter=2',
  );
  assert.match(kernel().paths.refusal(OWN_VIP, '10.0.0.1'), /leave from 192\.0\.2\.2, an address of this node: /);
});

test('the remedy is what is missing, with the larger filter of the device and of all', () => {
  const [loose, accepts] = ['net.ipv4.conf.eth0/7.rp_filter=2', 'net.ipv4.conf.eth0/7.accept_local=1'];
  assert.equal(remedy(VIP, { 'all rp_filter': 1 }), `sysctl -w ${loose}`);
  assert.equal(remedy(OWN_VIP, { 'eth0.7 rp_filter': 2, 'all rp_filter': 1 }), `sysctl -w ${accepts}`);
  assert.equal(remedy(OWN_VIP, { 'eth0.7 rp_filter': 1 }), `sysctl -w ${accepts} ${loose}`);
  assert.equal(remedy(OWN_VIP, { 'eth0.7 rp_filter': 1, 'all accept_local': 1 }), `sysctl -w ${loose}`);
  assert.equal(remedy(NEAR_VIP, { 'eth0.7 rp_filter': 1 }), `sysctl -w ${accepts}`, 'its address is of that device');
  const none = 'net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0/7.rp_filter=0';
  assert.equal(remedy(LOST_VIP, { 'eth0.7 rp_filter': 2, 'all rp_filter': 2 }), `sysctl -w ${none}`);
  assert.equal(remedy(LOST_VIP, { 'eth0.7 rp_filter': 2 }), 'sysctl -w net.ipv4.conf.eth0/7.rp_filter=0');
  assert.equal(remedy(VIP, {}), 'ip route get 10.0.0.1 from 192.0.2.1 iif eth0.7', 'who knows why');
});

test('other devices, IPv6 and targets without a way are not asked for or take it', () => {
  const { paths, asked } = kernel();
  assert.equal(paths.refusal(VIP, '10.0.0.2'), '');
  assert.equal(paths.refusal(VIP, '10.0.0.99'), '');
  assert.equal(paths.refusal('2001:db8::1', '2001:db8::2'), '');
  assert.deepEqual(asked, [`${VIP} 10.0.0.2 4`]);
});

test('the kernel is asked once, and again with news by the next look after 5 seconds, or after 30 seconds', () => {
  const { paths, asked, seen } = kernel();
  const ask = () => {
    paths.refusal(VIP, '10.0.0.1');
    return asked.length;
  };
  assert.deepEqual([ask(), ask(), paths.refresh(), ask()], [1, 1, false, 1]);
  seen.isNews = true;
  seen.now += 4_000;
  assert.deepEqual([paths.refresh(), ask(), paths.isPending], [false, 1, true]);
  seen.isNews = false;
  seen.now += 999;
  assert.deepEqual([paths.refresh(), ask(), paths.isPending], [true, 2, false], 'though the timer was early');
  seen.now += 29_999;
  assert.deepEqual([paths.refresh(), ask()], [false, 2]);
  seen.now++;
  assert.deepEqual([paths.refresh(), ask()], [true, 3]);
});

test('where the kernel cannot be asked nothing is refused, which is said once, and it is asked again soon', () => {
  const { paths, seen } = kernel();
  seen.failure = 'error 105';
  assert.deepEqual([paths.refusal(VIP, '10.0.0.1'), paths.refusal(OWN_VIP, '10.0.0.1')], ['', '']);
  assert.deepEqual([seen.failures, paths.refresh(), paths.isPending], [['error 105'], false, true]);
  seen.failure = '';
  seen.now += 5_000;
  assert.equal(paths.refresh(), true);
  assert.match(paths.refusal(VIP, '10.0.0.1'), /come in by eth0\.7/);
  assert.equal(seen.failures.length, 1);
});

test('of a device, answers to listeners with address translation count, that come in there', () => {
  const { paths, seen } = kernel();
  const target = (address: string) => ({ t: { number: 1, address, port: 80 } });
  const services = {
    plain: { number: 1, mode: 'nat', targets: target('10.0.0.1') },
    hidden: { number: 2, mode: 'source-nat', targets: target('10.0.0.1') },
    direct: { number: 3, mode: 'ipip', targets: target('10.0.0.1') },
  } as const;
  let listeners = [{ addresses: [VIP], serviceId: 'direct' }];
  let [opened, pending] = [0, 0];
  const open = () => {
    opened++;
    return paths;
  };
  const answers = new DeviceAnswers({ listeners: () => listeners, services: () => services }, open, () => pending++);
  assert.equal(answers.refusal(3), '');
  for (const serviceId of ['plain', 'hidden']) {
    listeners = [listeners[0]!, { addresses: [VIP], serviceId }];
    assert.match(answers.refusal(3), /come in by eth0\.7/);
  }
  assert.equal(answers.refusal(4), '');
  seen.forgedOn = 4;
  seen.isNews = true;
  seen.now += 1_000;
  assert.equal(pending, 0);
  assert.match(answers.refusal(3), /come in by eth0\.7/);
  assert.equal(pending, 1, 'it was too early: whoever asks is to ask again');
  seen.isNews = false;
  seen.now += 4_000;
  assert.deepEqual([answers.refusal(3), pending], ['', 1]);
  answers.close();
  assert.equal(answers.refusal(3), '');
  assert.deepEqual([opened, seen.closed], [1, 1]);
});
