import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import type { EngineTarget } from '../src/engine/engine.ts';
import { Front } from './front.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** Somebody who sends and receives datagrams on an address of his own. */
class Peer {
  readonly socket: Socket;
  readonly heard: { readonly text: string; readonly from: number }[] = [];
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('message', (message, { port }) => {
      this.heard.push({ text: message.toString('latin1'), from: port });
      this.#wake();
    });
  }

  static async open(address = '127.0.0.1', port = 0): Promise<Peer> {
    const socket = createSocket('udp4').bind(port, address);
    await once(socket, 'listening');
    return new Peer(socket);
  }

  /** A target that answers with its name, who has asked, and what. */
  static async target(name: string): Promise<Peer> {
    const peer = await Peer.open();
    peer.socket.on('message', (message, { address, port }) => {
      peer.socket.send(`${name} ${message.toString('latin1')}`, port, address);
    });
    return peer;
  }

  get port(): number {
    return this.socket.address().port;
  }

  async until(count: number): Promise<string[]> {
    while (this.heard.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.heard.map(({ text }) => text);
  }

  /** Sends, and returns what comes back. */
  async ask(port: number, text: string): Promise<string> {
    const before = this.heard.length;
    this.socket.send(text, port, '127.0.0.1');
    return (await this.until(before + 1))[before]!;
  }
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`datagrams on ${reactor}`, () => {
    let front: Front;
    let a: Peer;
    let b: Peer;
    const peers: Peer[] = [];

    const client = async (address?: string) => {
      const peer = await Peer.open(address);
      peers.push(peer);
      return peer;
    };
    const planned = (listener: object = {}, service: object = {}) =>
      front.plan([a.port, b.port], { protocol: 'udp', http: null, ...listener }, { protocol: 'udp', ...service });
    const targetOf = (port: number, changes: Partial<EngineTarget> = {}): EngineTarget => ({
      id: `tgt-${port}`,
      address: '127.0.0.1',
      port,
      weight: 10,
      state: 'active',
      eligible: true,
      ...changes,
    });

    before(async () => {
      front = await Front.open(reactor);
      [a, b] = [await Peer.target('a'), await Peer.target('b')];
    });

    afterEach(async () => {
      for (const peer of peers.splice(0)) peer.socket.close();
      await front.engine.apply(changeOf([], [], { listeners: ['lsn'] }));
    });

    after(async () => {
      await front.engine.stop(0);
      a.socket.close();
      b.socket.close();
    });

    test('a client has one target, answers come from the port that it asked, and both are counted', async () => {
      await planned();
      const before = front.counters;
      const [one, two] = [await client(), await client()];
      const first = (await one.ask(front.port, 'x')).slice(0, 1);
      for (let i = 0; i < 5; i++) assert.equal(await one.ask(front.port, `n${i}`), `${first} n${i}`);
      const second = (await two.ask(front.port, 'x')).slice(0, 1);
      assert.notEqual(first, second, 'in turns');
      assert.deepEqual(new Set(one.heard.map(({ from }) => from)), new Set([front.port]));
      // A client may have its answer before that is counted.
      while (front.counters.datagrams.sent - before.datagrams.sent < 7) await new Promise(setImmediate);
      const { connections, activeConnections, datagrams, bytesReceived } = front.counters;
      assert.deepEqual(
        [connections - before.connections, activeConnections, datagrams.received - before.datagrams.received],
        [2, 2, 7],
      );
      assert.equal(datagrams.sent - before.datagrams.sent, 7);
      assert.equal(bytesReceived - before.bytesReceived, 12);
    });

    test('silence ends a session without blame, and the log says what it was', async () => {
      await planned({ idleTimeout: 40, accessLog: true });
      const peer = await client();
      const answer = await peer.ask(front.port, 'hello');
      const lines = await front.lines(1);
      const line = lines.find(({ client_port }) => client_port === peer.port)!;
      const { scheme, reason, bytes_received, bytes_sent, vport } = line;
      assert.deepEqual([scheme, reason, bytes_received, bytes_sent], ['udp', 'none', 5, answer.length]);
      assert.equal(vport, front.port);
    });

    test('a target that is found unhealthy loses its sessions, one of weight 0 keeps them', async () => {
      await planned();
      const peer = await client();
      const first = (await peer.ask(front.port, 'x')).slice(0, 1);
      const [own, other] = first === 'a' ? [a, b] : [b, a];
      const apply = (changes: Partial<EngineTarget>) => {
        const targets = [targetOf(own.port, changes), targetOf(other.port)];
        const listener = listenerOf(front.port, { protocol: 'udp', http: null });
        return front.engine.apply(changeOf([serviceOf(targets, { protocol: 'udp' })], [listener]));
      };
      await apply({ weight: 0 });
      assert.equal((await peer.ask(front.port, 'y')).slice(0, 1), first);
      await apply({ eligible: false });
      assert.notEqual((await peer.ask(front.port, 'z')).slice(0, 1), first);
    });

    test('where nobody listens the session ends, and the next datagram finds another target', async () => {
      const gone = await Peer.open();
      const { port } = gone;
      gone.socket.close();
      const targets = [targetOf(port), targetOf(a.port)];
      const listener = listenerOf(front.port, { protocol: 'udp', http: null });
      await front.engine.apply(changeOf([serviceOf(targets, { protocol: 'udp' })], [listener]));
      const peer = await client();
      const before = front.counters.reasons['target-connect'] ?? 0;
      while (peer.heard.length === 0) {
        peer.socket.send('anybody?', front.port, '127.0.0.1');
        await Promise.race([peer.until(1), new Promise((resolve) => setTimeout(resolve, 20))]);
      }
      assert.equal(peer.heard[0]!.text, 'a anybody?');
      assert.ok((front.counters.reasons['target-connect'] ?? 0) >= before);
    });

    test('PROXY protocol version 2 stands in front of every datagram', async () => {
      const target = await client();
      await front.plan([target.port], { protocol: 'udp', http: null }, { protocol: 'udp', proxyProtocol: 2 });
      const peer = await client('127.0.0.9');
      peer.socket.send('one', front.port, '127.0.0.1');
      peer.socket.send('two', front.port, '127.0.0.1');
      await target.until(2);
      for (const [i, said] of ['one', 'two'].entries()) {
        const bytes = Buffer.from(target.heard[i]!.text, 'latin1');
        assert.deepEqual([...bytes.subarray(12, 16)], [0x21, 0x12, 0, 12], 'PROXY, UDP over IPv4, 12 bytes');
        assert.deepEqual([...bytes.subarray(16, 24)], [127, 0, 0, 9, 127, 0, 0, 1]);
        assert.deepEqual([bytes.readUInt16BE(24), bytes.readUInt16BE(26)], [peer.port, front.port]);
        assert.equal(bytes.subarray(28).toString(), said);
      }
    });

    test('at the limit of sessions, datagrams of new clients are lost, and present ones go on', async () => {
      await planned({ limits: { connections: 1 } });
      const [one, two] = [await client(), await client()];
      await one.ask(front.port, 'x');
      const before = front.counters;
      two.socket.send('no place', front.port, '127.0.0.1');
      while (front.counters.datagrams.lost === before.datagrams.lost) await new Promise(setImmediate);
      assert.equal((front.counters.limits['connections'] ?? 0) - (before.limits['connections'] ?? 0), 1);
      assert.match(await one.ask(front.port, 'still here'), /still here$/);
      assert.equal(two.heard.length, 0);
    });

    test('TCP and UDP on one port, over a range: targets hear on the port that the client asked for', async () => {
      const tcp = createServer((socket) => socket.end('tcp')).listen(0, '127.0.0.2');
      await once(tcp, 'listening');
      const { port } = tcp.address() as AddressInfo;
      const udp = await Peer.open('127.0.0.2', port);
      udp.socket.on('message', (_, { address, port: to }) => udp.socket.send('udp', to, address));
      peers.push(udp);
      // The targets' own port is for health checks alone.
      const target = { ...targetOf(1), address: '127.0.0.2' };
      const range = { protocol: 'tcp-udp', http: null, port: port - 1, lastPort: port + 1 } as const;
      const listener = listenerOf(port, { ...range, id: 'range' });
      const change = changeOf([serviceOf([target], { protocol: 'tcp-udp', id: 'range' })], [listener]);
      const planned = { ...change, listeners: new Map([['range', { ...listener, serviceId: 'range' }]]) };
      const refused = await front.engine.apply(planned);
      try {
        // Somebody else may have one of the ports beside ours: then nothing of the range is open.
        if (refused.length > 0) {
          assert.equal(refused[0]!.code, 'address-in-use');
          return;
        }
        const peer = await client();
        assert.equal(await peer.ask(port, 'x'), 'udp');
        const socket = connect(port, '127.0.0.1');
        const [data] = (await once(socket, 'data')) as [Buffer];
        assert.equal(data.toString(), 'tcp');
        socket.destroy();
      } finally {
        await front.engine.apply({ ...change, listeners: new Map([['range', null]]) });
        tcp.close();
      }
    });

    test('a range that is too wide for sockets is refused with the reason', async () => {
      const wide = listenerOf(20_000, { id: 'wide', protocol: 'udp', http: null, lastPort: 20_256 });
      const [refused] = await front.engine.apply(changeOf([], [wide]));
      assert.equal(refused?.listenerId, 'wide');
      assert.match(refused!.detail, /257 ports needs the kernel datapath.*256/);
      await front.engine.apply({ ...changeOf([], []), listeners: new Map([['wide', null]]) });
    });

    test('a listener that goes ends its sessions, and its port is free', async () => {
      await planned();
      const peer = await client();
      await peer.ask(front.port, 'x');
      await front.engine.apply(changeOf([], [], { listeners: ['lsn'] }));
      // The kernel closes it a moment after the worker has let go of it.
      for (;;) {
        const again = await Peer.open('127.0.0.1', front.port).catch(() => null);
        if (again === null) continue;
        again.socket.close();
        break;
      }
    });
  });
}
