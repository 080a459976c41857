import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { type TestContext, test } from 'node:test';
import { EMPTY_PLAN } from '@evenkeel/model/plan/delta.ts';
import type { WebSocket } from '@fastify/websocket';
import { BlockLists } from '../block-list/block-lists.ts';
import { PlanPublisher } from '../plan/publisher.ts';
import { EMPTY_STATE } from '../state/state.ts';
import type { Membership } from './membership/membership.ts';
import { NodeQuestions } from './questions.ts';
import { NodeRegistry } from './registry.ts';
import { CLOSE } from './session.ts';
import { AgentStream } from './stream.ts';
import { TargetHealthTable } from './target-health.ts';

const PING = 5_000;
const SILENCE = 15_000;

/** The far end of a stream: answers every ping at once, and says nothing by itself. */
class FakeSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  closedWith: number | null = null;
  gone = false;

  send(_text: string, sent: () => void): void {
    sent();
  }

  ping(): void {
    this.emit('pong');
  }

  close(code: number): void {
    this.closedWith = code;
  }

  terminate(): void {
    if (this.gone) return;
    this.gone = true;
    this.emit('close');
  }

  hello(node: string): void {
    const { version, hash } = EMPTY_PLAN;
    const hello = { type: 'hello', node, zone: 'z', software: 's', reactor: 'portable', workers: 1, version, hash };
    this.emit('message', JSON.stringify(hello), false);
  }
}

/** Of nodes that all share a token. */
const NO_MEMBERSHIP = {
  gate: { refusalOf: () => null },
  identities: { get: () => null },
} as unknown as Membership;

/** A stream on virtual time. */
function streamOf(t: TestContext, limit: number) {
  let now = 0;
  t.mock.timers.enable({ apis: ['setInterval'] });
  t.mock.method(performance, 'now', () => now);
  const stream = new AgentStream({
    plans: new PlanPublisher(EMPTY_STATE),
    nodes: new NodeRegistry([], 10, () => now, {
      changed: () => {},
      save: () => {},
      moved: () => {},
      isRevoked: () => false,
    }),
    health: new TargetHealthTable(() => EMPTY_STATE),
    questions: new NodeQuestions(() => false),
    blockLists: new BlockLists({
      store: { read: async () => assert.fail(), record: async () => assert.fail() },
      now: () => 0,
      random: () => 0,
      failed: (error) => assert.fail(String(error)),
    }),
    membership: NO_MEMBERSHIP,
    warn: () => {},
    ping: PING,
    silence: SILENCE,
    limit,
  });
  const accept = () => {
    const socket = new FakeSocket();
    stream.accept(socket as unknown as WebSocket, { kind: 'shared-token' });
    return socket;
  };
  const advance = (milliseconds: number) => {
    for (const end = now + milliseconds; now < end; ) {
      now += PING;
      t.mock.timers.tick(PING);
    }
  };
  return { accept, advance };
}

test('a stream that does not say hello is closed, though it answers pings', (t) => {
  const { accept, advance } = streamOf(t, 10);
  const mute = accept();
  const known = accept();
  known.hello('node-1');
  advance(SILENCE);
  assert.equal(mute.gone, false);
  advance(PING);
  assert.equal(mute.closedWith, CLOSE.silent);
  assert.equal(mute.gone, true);
  advance(10 * SILENCE);
  assert.equal(known.closedWith, null);
});

test('more streams than the limit are closed; one that ends makes room', (t) => {
  const { accept } = streamOf(t, 2);
  const first = accept();
  const second = accept();
  const third = accept();
  assert.deepEqual([first.closedWith, second.closedWith, third.closedWith], [null, null, CLOSE.tooMany]);
  third.terminate();
  assert.equal(accept().closedWith, CLOSE.tooMany);
  first.terminate();
  assert.equal(accept().closedWith, null);
});
