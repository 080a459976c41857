import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import type { WebSocketCase } from '@evenkeel/testbed/websocket/cases/case.ts';
import { CHAPTERS, webSocketCases } from '@evenkeel/testbed/websocket/cases.ts';
import { type EchoOrigin, echoOrigin, type SeenConnection } from '@evenkeel/testbed/websocket/echo-origin.ts';
import { WebSocketServer } from 'ws';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { tcpOrigin } from './exchange.ts';
import { HANDSHAKE, listenForUpgrades } from './upgrades.ts';

/** What comes back in a case: extensions that were agreed on, and all behind the head of the answer. */
interface Played {
  readonly extensions: string;
  readonly bytes: Buffer;
}

/** Sends a case behind the handshake. */
async function play(port: number, bytes: Buffer, { piece, extensions }: WebSocketCase): Promise<Played> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(socket, 'end');
  const offer = extensions === '' ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  socket.write(HANDSHAKE.replace('User-Agent:', `${offer}User-Agent:`));
  const size = piece === 0 ? bytes.length : piece;
  for (let at = 0; at < bytes.length; at += size) {
    if (!socket.write(bytes.subarray(at, at + size))) await Promise.race([once(socket, 'drain'), ended]);
    // A turn in between, so that pieces do leave one by one.
    if (piece > 0 && at % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  try {
    await ended;
  } finally {
    socket.destroy();
  }
  const all = Buffer.concat(chunks);
  const head = all.indexOf('\r\n\r\n');
  const answer = all.toString('latin1', 0, head);
  assert.match(answer, /^HTTP\/1.1 101 /);
  const agreed = /\r\nSec-WebSocket-Extensions: (.*)/i.exec(answer)?.[1] ?? '';
  return { extensions: agreed, bytes: all.subarray(head + 4) };
}

/** A server of `ws`, which speaks permessage-deflate, that sends every message back compressed. */
async function deflatingOrigin(): Promise<EchoOrigin> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
  });
  // What it is sent is read on the way to it.
  const connections: SeenConnection[] = [];
  const tap = await tcpOrigin((client) => {
    const behind = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const pieces: Buffer[] = [];
    client.on('data', (piece: Buffer) => pieces.push(piece));
    behind.on('error', () => client.destroy());
    client.pipe(behind).pipe(client);
    const all = () => Buffer.concat(pieces);
    connections.push({ head: '', bytes: () => all().subarray(all().indexOf('\r\n\r\n') + 4) });
  });
  return {
    port: tap.port,
    connections,
    close: async () => {
      await tap.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Status code of the close frame at the end of what a server sent; null: a close frame without one. */
function closeCode(bytes: Buffer): number | null {
  if (bytes.at(-2) === 0x88 && bytes.at(-1) === 0) return null;
  assert.equal(bytes.readUInt16BE(bytes.length - 4), 0x8802);
  return bytes.readUInt16BE(bytes.length - 2);
}

test('the cases are those of the Autobahn test suite, all 517 of them', () => {
  const cases = webSocketCases().filter(({ id }) => /\d$/.test(id));
  const counted: Record<string, number> = {};
  for (const { id } of cases) {
    const chapter = id.slice(0, id.lastIndexOf('.'));
    counted[chapter] = (counted[chapter] ?? 0) + 1;
    assert.equal(id, `${chapter}.${counted[chapter]}`, 'numbers follow each other');
  }
  assert.deepEqual(counted, CHAPTERS);
  assert.equal(cases.length, 517);
});

for (const reactor of ['uring', 'portable'] as const) {
  describe(`the cases of Autobahn on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let echo: EchoOrigin;
    let port: number;

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      echo = await echoOrigin();
      port = await listenForUpgrades(engine, 'echo', echo.port);
    });

    after(async () => {
      await engine.stop(100);
      await echo.close();
    });

    /** Every case comes back as it does without a proxy, and comes to the origin as it was sent. */
    async function playAll(origin: EchoOrigin, own: number, cases: readonly WebSocketCase[]): Promise<void> {
      assert.ok(cases.length > 0);
      for (const one of cases) {
        const bytes = one.bytes();
        const [direct, through] = [await play(origin.port, bytes, one), await play(own, bytes, one)];
        const label = `${one.id} ${one.name}`;
        assert.equal(closeCode(direct.bytes), one.closes, label);
        assert.equal(through.bytes.equals(direct.bytes), true, label);
        assert.equal(through.extensions, direct.extensions, label);
        assert.equal(direct.extensions !== '', one.extensions !== '', label);
        const [sent, seen] = origin.connections.slice(-2).map((connection) => connection.bytes());
        assert.equal(seen?.equals(sent!), true, label);
      }
    }

    const chapters = (...numbers: string[]): WebSocketCase[] =>
      webSocketCases().filter(({ id }) => numbers.includes(id.split('.')[0]!));

    test('Autobahn 1 to 7: frames, fragments, text and closing pass unchanged', async () => {
      await playAll(echo, port, chapters('1', '2', '3', '4', '5', '6', '7'));
    });

    test('Autobahn 9 and 10: messages of 16 MiB, fragments and pieces pass unchanged', async () => {
      await playAll(echo, port, chapters('9', '10'));
    });

    test('Autobahn 12 and 13: compression and what is agreed on about it pass unchanged', async () => {
      const origin = await deflatingOrigin();
      await playAll(origin, await listenForUpgrades(engine, 'deflating', origin.port), chapters('12', '13'));
      await origin.close();
    });
  });
}
