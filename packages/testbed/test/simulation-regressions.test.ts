import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALM, type NetworkConditions } from '@evenkeel/proxy/reactor/simulated/conditions.ts';
import type { ClientPlan, OriginPlan } from '../src/simulation/http/plan.ts';
import { clientPlan, originPlan, PLAIN_RESPONSE, requestPlan } from '../src/simulation/http/plan-defaults.ts';
import { playHttp } from '../src/simulation/http/run.ts';
import type { Journal } from '../src/simulation/journal.ts';
import { proxyMiddle } from '../src/simulation/proxy-middle.ts';
import type { PeerPlan } from '../src/simulation/tcp/plan.ts';
import { playTcp } from '../src/simulation/tcp/run.ts';

// What seeds of the simulation have once found in the proxy, in the shortest form that shows it.

interface Setting {
  readonly client: ClientPlan;
  readonly origin?: OriginPlan;
  readonly conditions?: Partial<NetworkConditions>;
  readonly strict?: boolean;
  readonly mostBuffers?: number;
  readonly stopsAfter?: number;
}

function play({ client, origin, conditions, strict = true, mostBuffers = 100, stopsAfter }: Setting): Journal {
  return playHttp(1, {
    scenario: { clients: [client], origins: [origin ?? originPlan()], strict, stopsAfter: stopsAfter ?? null },
    conditions: { ...CALM, ...conditions },
    limits: { buffers: 100, descriptors: 100, mostBuffers },
    middle: proxyMiddle('http'),
  });
}

test('a client that leaves in the middle of a response gives its target back', () => {
  const response = { ...PLAIN_RESPONSE, body: { framing: 'length', length: 50_000 }, pause: 500 } as const;
  const fault = { kind: 'abort', request: 0, after: 100 } as const;
  const { violations } = play({ client: clientPlan([requestPlan('a', { response })], { fault }), strict: false });
  assert.deepEqual(violations, []);
});

test('the end of a connection that a client meant to keep does not cost it the answer', () => {
  const response = { ...PLAIN_RESPONSE, body: { framing: 'close', length: 9000 } } as const;
  const second = requestPlan('b', { method: 'POST', body: { framing: 'length', length: 100 }, delay: 700 });
  const { violations, counts } = play({
    client: clientPlan([requestPlan('a', { response }), second], { pipeline: 2, readPause: 16 }),
    conditions: { resetPurges: true, latency: [1, 20], sendBuffer: [65_536, 65_536], receiveBuffer: [256, 256] },
  });
  assert.deepEqual(violations, []);
  assert.equal(counts.get('lost'), undefined);
});

/** Of a client that reads slowly, and asks again after 900 ms. */
function playStop(stopsAfter: number) {
  const response = { ...PLAIN_RESPONSE, body: { framing: 'length', length: 9000 } } as const;
  return play({
    client: clientPlan([requestPlan('a', { response }), requestPlan('b', { delay: 900 })], {
      pipeline: 2,
      readPause: 16,
    }),
    conditions: { resetPurges: true, latency: [1, 20], sendBuffer: [65_536, 65_536], receiveBuffer: [256, 256] },
    stopsAfter,
  });
}

test('a proxy that stops does not reset an answer that the client has not read yet', () => {
  // It closes 500 ms after it was told to stop, before the client asks again.
  const { violations, counts } = playStop(300);
  assert.deepEqual(violations, []);
  assert.equal(counts.get('answered'), 1);
});

test('a proxy that stops answers a client that asks again within half a second', () => {
  const { violations, counts } = playStop(800);
  assert.deepEqual(violations, []);
  assert.equal(counts.get('answered'), 2);
});

test('the head of a pipelined request does not grow over a body that is still to be sent', () => {
  // The target answers before it has read the body, and reads it slowly.
  const early = { ...PLAIN_RESPONSE, early: true, delay: 400 };
  const first = requestPlan('a', { method: 'POST', body: { framing: 'length', length: 60_000 }, response: early });
  const { violations } = play({
    client: clientPlan([first, requestPlan('b')], { pipeline: 2 }),
    origin: originPlan({ readPause: 1000 }),
    conditions: { sendBuffer: [4096, 4096], receiveBuffer: [16_384, 16_384], latency: [1, 3] },
  });
  assert.deepEqual(violations, []);
});

test('a slow reader of a response that comes in small pieces holds few buffers', () => {
  const chunks = Array.from({ length: 900 }, () => 40);
  const response = {
    ...PLAIN_RESPONSE,
    body: { framing: 'chunked', chunks, extensions: false, trailers: false },
  } as const;
  const { violations } = play({
    client: clientPlan([requestPlan('a', { response })], { readPause: 20 }),
    conditions: { piece: [1, 60], gap: 1, latency: [0.1, 3], sendBuffer: [512, 512], receiveBuffer: [512, 512] },
    mostBuffers: 40,
  });
  assert.deepEqual(violations, []);
});

test('a tunnel goes on to the next target when the first does not answer', () => {
  const peer: PeerPlan = {
    length: 1000,
    piece: 500,
    pause: 0,
    speaks: 'at once',
    readPause: 0,
    ending: 'end',
    fault: null,
  };
  const dialogue = { startsAfter: 0, client: peer, origin: peer };
  // One after the other: one of them meets the deaf target first.
  const { violations } = playTcp(1, {
    scenario: {
      dialogues: [
        { ...dialogue, id: 'd0', address: '10.1.0.1' },
        { ...dialogue, id: 'd1', address: '10.1.0.2' },
      ],
      origins: [
        { label: 'origin-0', address: '10.2.0.1', port: 9000 },
        { label: 'origin-1', address: '10.2.0.2', port: 9000 },
      ],
      strict: true,
    },
    conditions: CALM,
    limits: { buffers: 10, descriptors: 10 },
    middle: proxyMiddle('tcp'),
    deaf: ['origin-0'],
  });
  assert.deepEqual(violations, []);
});
