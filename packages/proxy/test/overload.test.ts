import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { freePort, httpOrigin } from './exchange.ts';
import { statusesIn } from './front.ts';
import { Clients, SmallNode } from './small-node.ts';

/** Descriptors of the process under test; 256 of them count as taken by other things than connections. */
const DESCRIPTORS = 456;
/** Connections from which on new ones are turned away: 90 % of the rest. */
const MOST = 180;
/** Connections that may owe a head: half of the rest. */
const MOST_WAITING = 100;

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

for (const reactor of ['uring', 'portable'] as const) {
  describe(`a node with few descriptors on ${reactor}`, { skip: requiresReactor(reactor), timeout: 120_000 }, () => {
    it('turns new connections away with 503, and serves those that are there, and new ones when some have gone', async () => {
      const origin = await httpOrigin((_request, response) => response.end('ok'));
      const port = await freePort();
      await using node = await SmallNode.start({ reactor, port, origin: origin.port, descriptors: DESCRIPTORS });
      const clients = new Clients(port);
      try {
        const here = [];
        let refused = 0;
        for (let i = 0; i < MOST + 40; i++) {
          const client = await clients.open(GET);
          await client.answered(1);
          const [status] = statusesIn(client.received());
          if (status === 200) here.push(client);
          else {
            refused++;
            assert.match(client.received(), /^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\nConnection: close\r\n/s);
          }
        }
        assert.ok(here.length >= MOST - 10 && here.length <= MOST, `${here.length} are there`);
        assert.ok(refused >= 40);
        assert.equal((await node.counters()).listeners[0]!.limits['overload'], refused);
        await node.isOutOf(['descriptors']);
        // They go on, and are asked to make room.
        const [first] = here;
        first!.socket.write(GET);
        await first!.answered(2);
        assert.match(first!.received(), /\r\nConnection: close\r\n/);
        assert.equal(statusesIn(first!.received()).length, 2);
        for (const { socket } of here.slice(0, 40)) socket.destroy();
        while ((await clients.ask(GET)) !== 200);
      } finally {
        clients.close();
        await origin.close();
      }
    });

    it('has room for others when many never finish their heads: the oldest of those go', async () => {
      const origin = await httpOrigin((_request, response) => response.end('ok'));
      const port = await freePort();
      await using node = await SmallNode.start({ reactor, port, origin: origin.port, descriptors: DESCRIPTORS });
      const clients = new Clients(port);
      try {
        const slow = [];
        for (let i = 0; i < MOST_WAITING + 50; i++) slow.push(await clients.open('GET / HT'));
        const client = await clients.open(GET);
        await client.answered(1);
        assert.deepEqual(statusesIn(client.received()), [200]);
        const { listeners, workers } = await node.counters();
        assert.deepEqual(listeners[0]!.limits, { 'waiting-heads': 51 });
        assert.ok(workers[0]!.waitingHeads <= MOST_WAITING);
        assert.ok(slow.slice(0, 50).every(({ socket }) => socket.destroyed));
        assert.ok(slow.slice(51).every(({ socket }) => !socket.destroyed));
        assert.deepEqual(listeners[0]!.reasons, { none: 1, 'proxy-request-head': 51 });
        let log = '';
        while (log.split('\n').length <= 52) log += await node.log();
        const gone = log.split('\n').filter((line) => line.includes('"reason":"proxy-request-head"'));
        const { status, limit, method, request_length: length } = JSON.parse(gone[50]!);
        assert.deepEqual([gone.length, status, limit, method, length], [51, 499, 'waiting-heads', 'GET', 8]);
      } finally {
        clients.close();
        await origin.close();
      }
    });
  });
}
