import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes } from '@evenkeel/flow/datapath/address.ts';
import { flowOf } from '@evenkeel/flow/datapath/flow-record.ts';
import type { WrittenFlow } from '@evenkeel/flow/datapath/flow-sight.ts';
import type { FlowSample, Talker } from '@evenkeel/flow/datapath/sampled-flow.ts';
import type { FlowsQuestion } from '@evenkeel/model/plan/flows.ts';
import { FlowLister, type ListenerPlace } from './flow-lister.ts';

const NOW = 1_600;
const VIP = '203.0.113.1';
/** A client whom targets see as the node. */
const HIDDEN = '198.51.100.99';
const QUESTION: FlowsQuestion = { listenerIds: null, targetId: null, client: null, order: 'recent', limit: 50 };

const place = (id: string, number: number, port: number, lastPort: number | null = null): ListenerPlace => ({
  id,
  number,
  serviceId: 'svc-1',
  addresses: [VIP],
  port,
  lastPort,
  protocols: ['tcp'],
  idleSeconds: 300,
});
const PLACES = {
  listeners: [place('lsn-web', 5, 80), place('lsn-range', 6, 5_000, 5_999), place('lsn-other', 7, 5_500)],
  targets: new Map([
    [1, { serviceId: 'svc-1', targetId: 'tgt-1' }],
    [2, { serviceId: 'svc-1', targetId: 'tgt-2' }],
    [3, { serviceId: 'svc-other', targetId: 'tgt-3' }],
  ]),
};

function keyOf(client: string, clientPort: number, vipPort: number): Buffer {
  const key = Buffer.alloc(40);
  addressBytes(client).copy(key, 0);
  addressBytes(VIP).copy(key, 16);
  key.writeUInt16BE(clientPort, 32);
  key.writeUInt16BE(vipPort, 34);
  key[36] = 6;
  return key;
}

/** Where each listener is, by its number. */
const PORTS: Readonly<Record<number, number>> = { 5: 80, 6: 5_001, 7: 5_500, 99: 80 };

function sample(client: string, idle: number, listener = 5, target = 1, state: FlowSample['state'] = 'established') {
  const key = keyOf(client, 1, PORTS[listener]!);
  const times = { seen: NOW - idle, since: NOW - 2 * idle };
  return { key, listener, target, hash: 0, state, ...times, packets: 3, bytes: 300 };
}

function written(client: string, idleSeconds: number, vipPort = 80, target = 1): WrittenFlow {
  const key = keyOf(client, 1, vipPort);
  return { key, ...flowOf(key), target, state: 'established', idleSeconds };
}

function talker(client: string, bytes: number, listener = 5): Talker {
  const key = keyOf(client, 1, 80);
  const window = Math.floor(NOW / 16);
  return { key, listener, target: 1, window, packets: bytes / 100, bytes, packetsBefore: 0, bytesBefore: 0 };
}

function lister(tables: { samples?: FlowSample[]; written?: WrittenFlow[]; talkers?: Talker[] }): FlowLister {
  const { samples = [], written = [], talkers = [] } = tables;
  return new FlowLister({
    places: () => PLACES,
    seenAs: ({ client }) => (client === HIDDEN ? { address: '10.0.0.1', port: 2_000 } : null),
    now: () => NOW,
    sight: {
      *samples() {
        yield samples;
      },
      sample: (key) => samples.find((one) => one.key.equals(key)) ?? null,
      *talkers() {
        yield talkers;
      },
      *written(isWanted) {
        yield written.filter(({ key, target }) => isWanted(key, target));
      },
      isWritten: (key) => written.some((one) => one.key.equals(key)),
    },
  });
}

test('of a hidden client it is said as whom its target sees it', async () => {
  const tables = { samples: [sample(HIDDEN, 1), sample('198.51.100.1', 2)], talkers: [talker(HIDDEN, 1_600)] };
  for (const order of ['recent', 'top'] as const) {
    const [first, second] = await lister(tables).list({ ...QUESTION, order });
    assert.deepEqual([first!.client, first!.nodeAddress, first!.nodePort], [HIDDEN, '10.0.0.1', 2_000]);
    if (order === 'recent') assert.deepEqual([second!.nodeAddress, second!.nodePort], [null, null]);
  }
});

test('flows of both tables are listed once each, those first that sent something last', async () => {
  const flows = await lister({
    samples: [sample('198.51.100.1', 9), sample('198.51.100.2', 3)],
    written: [written('198.51.100.2', 3), written('198.51.100.3', 5)],
  }).list(QUESTION);
  assert.deepEqual(
    flows.map(({ client, idleSeconds, isWritten, packets }) => [client, idleSeconds, isWritten, packets]),
    [
      ['198.51.100.2', 3, true, 3],
      ['198.51.100.3', 5, true, null],
      ['198.51.100.1', 9, false, 3],
    ],
  );
  const { state, bytesPerSecond, ...places } = flows[0]!;
  assert.deepEqual([state, bytesPerSecond], ['established', null]);
  assert.deepEqual(
    [places.listenerId, places.serviceId, places.targetId, places.protocol, places.vip, places.vipPort],
    ['lsn-web', 'svc-1', 'tgt-1', 'tcp', VIP, 80],
  );
});

test('what is over is not listed, and no more than was asked for', async () => {
  const many = Array.from({ length: 30 }, (_, i) => sample(`198.51.100.${100 - i}`, i));
  const over = [sample('198.51.100.200', 301), sample('198.51.100.201', 61, 5, 1, 'closing')];
  const flows = await lister({ samples: [...over, ...many], written: [written('198.51.100.202', 301)] }).list({
    ...QUESTION,
    limit: 7,
  });
  assert.deepEqual(
    flows.map(({ idleSeconds }) => idleSeconds),
    [0, 1, 2, 3, 4, 5, 6],
  );
});

test('of one listener, by number in the sample and by address in the other table, ranges of ports too', async () => {
  const tables = {
    samples: [sample('198.51.100.1', 1, 5), sample('198.51.100.2', 1, 6), sample('198.51.100.3', 1, 99)],
    written: [written('198.51.100.4', 1, 5_123), written('198.51.100.5', 1, 5_500), written('198.51.100.6', 1, 6_000)],
  };
  const clients = async (question: Partial<FlowsQuestion>) =>
    (await lister(tables).list({ ...QUESTION, ...question })).map(({ client }) => client).sort();
  assert.deepEqual(await clients({ listenerIds: ['lsn-web'] }), ['198.51.100.1']);
  assert.deepEqual(await clients({ listenerIds: ['lsn-range'] }), ['198.51.100.2', '198.51.100.4']);
  assert.deepEqual(await clients({ listenerIds: ['lsn-other'] }), ['198.51.100.5']);
  assert.deepEqual(await clients({ listenerIds: [] }), []);
  assert.equal((await clients({})).length, 4);
});

test('of one client, and to one target', async () => {
  const tables = {
    samples: [sample('198.51.100.1', 1, 5, 1), sample('198.51.100.2', 1, 5, 2)],
    written: [written('198.51.100.4', 1, 80, 2)],
  };
  const to = await lister(tables).list({ ...QUESTION, targetId: 'tgt-2' });
  assert.deepEqual(to.map(({ client }) => client).sort(), ['198.51.100.2', '198.51.100.4']);
  const from = await lister(tables).list({ ...QUESTION, client: '198.51.100.1' });
  assert.deepEqual(
    from.map(({ client, targetId }) => [client, targetId]),
    [['198.51.100.1', 'tgt-1']],
  );
  assert.deepEqual(await lister(tables).list({ ...QUESTION, targetId: 'tgt-77' }), []);
});

test('what is left of a listener, a service or a target that is gone is shown to nobody', async () => {
  const elsewhere = { ...sample('198.51.100.1', 1, 7), key: keyOf('198.51.100.1', 1, 80) };
  const tables = {
    samples: [elsewhere, sample('198.51.100.2', 1, 5, 9), sample('198.51.100.3', 1, 5, 3)],
    written: [written('198.51.100.4', 1, 80, 9), written('198.51.100.5', 1, 80, 3), written('198.51.100.6', 1, 81)],
    talkers: [talker('198.51.100.7', 1_600, 7)],
  };
  assert.deepEqual(await lister(tables).list(QUESTION), []);
  assert.deepEqual(await lister(tables).list({ ...QUESTION, order: 'top' }), []);
});

test('as many flows are listed as were asked for, though each is in both tables', async () => {
  const clients = Array.from({ length: 8 }, (_, i) => `198.51.100.${i}`);
  const tables = { samples: clients.map((one) => sample(one, 1)), written: clients.map((one) => written(one, 1)) };
  assert.equal((await lister(tables).list({ ...QUESTION, limit: 6 })).length, 6);
});

test('those that send the most, with what else is known of them', async () => {
  const old = { ...talker('198.51.100.9', 1e9), window: 1 };
  const flows = await lister({
    samples: [sample('198.51.100.2', 4)],
    written: [written('198.51.100.1', 4)],
    talkers: [talker('198.51.100.1', 1_600), talker('198.51.100.2', 3_200), talker('198.51.100.3', 4_800, 99), old],
  }).list({ ...QUESTION, order: 'top' });
  assert.deepEqual(
    flows.map(({ client, bytesPerSecond, packetsPerSecond, state, idleSeconds, isWritten }) => {
      return [client, bytesPerSecond, packetsPerSecond, state, idleSeconds, isWritten];
    }),
    [
      ['198.51.100.2', 200, 2, 'established', 4, false],
      ['198.51.100.1', 100, 1, null, null, true],
    ],
  );
});

test('a walk that is under way when the node lets go of the kernel ends with that reason', async () => {
  const own = lister({ samples: [sample('198.51.100.1', 1)] });
  const answer = own.list(QUESTION);
  own.stop();
  await assert.rejects(answer, /the node lets go of the kernel/);
});
