import assert from 'node:assert/strict';
import {
  DATAGRAM_HEADROOM,
  type DatagramHandler,
  type DatagramOptions,
  type DatagramPeer,
  type DatagramSocket,
} from '../datagram.ts';
import type { Reactor } from '../reactor.ts';
import type { ContractCase, World } from './harness.ts';

/** A socket that writes down what it is told. */
class Heard implements DatagramHandler {
  readonly socket: DatagramSocket;
  readonly texts: string[] = [];
  readonly sizes: number[] = [];
  readonly peers: DatagramPeer[] = [];
  readonly errors: string[] = [];
  isOpen = false;
  failed = '';
  readonly #reactor: Reactor;
  readonly #answers: boolean;

  constructor(reactor: Reactor, options: Partial<DatagramOptions>, answers = false) {
    this.#reactor = reactor;
    this.#answers = answers;
    this.socket = reactor.openDatagrams({ local: null, remote: null, reusePort: false, ...options }, this);
  }

  say(text: string, to: DatagramPeer | null = null): boolean {
    const bytes = Buffer.from(text, 'latin1');
    this.#reactor.datagramMemory.set(bytes, DATAGRAM_HEADROOM);
    return this.socket.send(DATAGRAM_HEADROOM, DATAGRAM_HEADROOM + bytes.length, to);
  }

  onOpen(): void {
    this.isOpen = true;
  }

  onFailed(_socket: DatagramSocket, { code }: { readonly code: string }): void {
    this.failed = code;
  }

  onDatagram(socket: DatagramSocket, from: DatagramPeer, start: number, end: number): void {
    this.texts.push(Buffer.from(this.#reactor.datagramMemory.subarray(start, Math.min(end, start + 40))).toString());
    this.sizes.push(end - start);
    this.peers.push(from.keep());
    if (this.#answers) socket.send(start, end, from);
  }

  onError(_socket: DatagramSocket, code: string): void {
    this.errors.push(code);
  }
}

async function bound(world: World, address = '127.0.0.1', answers = false): Promise<Heard> {
  const heard = new Heard(world.open(), { local: { address, port: 0 } }, answers);
  await world.until('it is bound', () => heard.isOpen);
  return heard;
}

export const datagramCases: readonly ContractCase[] = [
  {
    name: 'datagrams go there and back, each whole, and peers are told apart',
    async run(world) {
      const server = await bound(world, '127.0.0.1', true);
      const remote = server.socket.local;
      const [a, b] = [new Heard(world.open(), { remote }), new Heard(world.open(), { remote })];
      a.say('one');
      b.say('two');
      await world.until('both are answered', () => a.texts.length === 1 && b.texts.length === 1);
      assert.deepEqual([a.texts, b.texts], [['one'], ['two']]);
      assert.equal(new Set(server.peers.map(({ key }) => key)).size, 2);
      assert.deepEqual(new Set(server.peers.map(({ address }) => address)), new Set(['127.0.0.1']));
      a.say('more');
      await world.until('the same peer again', () => a.texts.length === 2);
      assert.equal(server.peers.filter(({ key }) => key === server.peers.at(-1)!.key).length, 2);
      for (const { socket } of [server, a, b]) socket.close();
    },
  },
  {
    name: 'a kept peer is answered later, and from the port that was asked',
    async run(world) {
      const server = await bound(world);
      const client = new Heard(world.open(), { remote: server.socket.local });
      client.say('first');
      await world.until('it has come', () => server.texts.length === 1);
      await world.pass(5);
      assert.equal(server.say('late', server.peers[0]!), true);
      await world.until('it is answered', () => client.texts.length === 1);
      assert.deepEqual(client.texts, ['late']);
      server.socket.close();
      client.socket.close();
    },
  },
  {
    name: 'an empty datagram and a large one arrive as they are',
    async run(world) {
      const server = await bound(world);
      const client = new Heard(world.open(), { remote: server.socket.local });
      client.say('');
      await world.until('the empty one', () => server.sizes.length === 1);
      client.say('x'.repeat(40_000));
      await world.until('the large one', () => server.sizes.length === 2);
      assert.deepEqual(server.sizes, [0, 40_000]);
      server.socket.close();
      client.socket.close();
    },
  },
  {
    name: 'nobody receives there: the sender is told, and goes on',
    async run(world) {
      const gone = await bound(world);
      const remote = gone.socket.local;
      gone.socket.close();
      await world.pass(5);
      const client = new Heard(world.open(), { remote });
      client.say('anybody?');
      await world.until('the error comes back', () => client.errors.length > 0);
      assert.equal(client.errors[0], 'ECONNREFUSED');
      client.socket.close();
    },
  },
  {
    name: 'nobody receives there: the sender is told, even if its next datagram meets the error first',
    async run(world) {
      const gone = await bound(world);
      const remote = gone.socket.local;
      gone.socket.close();
      await world.pass(5);
      const client = new Heard(world.open(), { remote });
      await world.until('it is open', () => client.isOpen);
      client.say('anybody?');
      client.say('anybody else?');
      assert.deepEqual(client.errors, [], 'not within the call');
      await world.until('the error comes back', () => client.errors.length > 0);
      assert.equal(client.errors[0], 'ECONNREFUSED');
      client.socket.close();
    },
  },
  {
    name: 'an address that is taken is refused, but for those who share it',
    async run(world) {
      const first = await bound(world);
      const local = first.socket.local;
      const second = new Heard(world.open(), { local });
      await world.until('it is refused', () => second.failed !== '');
      assert.equal(second.failed, 'EADDRINUSE');
      const shared = new Heard(world.open(), { local: { address: '127.0.0.1', port: 0 }, reusePort: true });
      await world.until('it is bound', () => shared.isOpen);
      const other = new Heard(world.open(), { local: shared.socket.local, reusePort: true });
      await world.until('it is bound as well', () => other.isOpen);
      for (const { socket } of [first, shared, other]) socket.close();
    },
  },
  {
    name: 'datagrams over IPv6',
    needsIPv6: true,
    async run(world) {
      const server = await bound(world, '::1', true);
      const client = new Heard(world.open(), { remote: server.socket.local });
      client.say('six');
      await world.until('it is answered', () => client.texts.length === 1);
      assert.equal(server.peers[0]!.address, '::1');
      server.socket.close();
      client.socket.close();
    },
  },
  {
    name: 'many datagrams at once are all delivered, and closing in between is heeded',
    async run(world) {
      const server = await bound(world);
      const client = new Heard(world.open(), { remote: server.socket.local });
      for (let i = 0; i < 300; i++) client.say(`n${i}`);
      await world.until('all have come', () => server.texts.length === 300);
      const before = server.texts.length;
      client.say('too late');
      server.socket.close();
      await world.pass(5);
      assert.equal(server.texts.length, before);
      client.socket.close();
    },
  },
];
