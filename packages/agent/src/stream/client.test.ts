import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { afterEach, test } from 'node:test';
import type { TlsTrust } from '@evenkeel/model/tls-trust.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { FakeControl } from '../../test/fake-control.ts';
import { recordingLog } from '../../test/log.ts';
import { settle, VirtualClock } from '../../test/virtual-clock.ts';
import { type Clock, systemClock } from '../clock/clock.ts';
import { HEARTBEAT, SILENCE, StreamClient } from './client.ts';

const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function control(): Promise<FakeControl> {
  const one = await FakeControl.listen();
  ends.push(() => one.kill());
  return one;
}

function client(
  url: string,
  given: { clock?: Clock; readToken?: () => Promise<string>; trust?: TlsTrust; onFrame?: (frame: string) => void } = {},
) {
  const { log, lines } = recordingLog();
  const opened: (() => void)[] = [];
  const stream = new StreamClient({
    urls: [url],
    readCredential: async () => ({ token: (await given.readToken?.()) ?? 'secret', trust: given.trust ?? {} }),
    clock: given.clock ?? systemClock,
    random: Math.random,
    log,
    heartbeat: () => ({ type: 'heartbeat', overload: ['memory'] }),
    hello: () => ({
      type: 'hello',
      node: 'n',
      zone: 'z',
      software: '1',
      reactor: 'simulated',
      workers: 1,
      version: 0,
      hash: '',
    }),
    onOpen: () => {
      for (const resolve of opened.splice(0)) resolve();
    },
    onFrame: given.onFrame ?? (() => undefined),
    onWritable: () => undefined,
  });
  ends.push(() => stream.stop());
  const open = (): Promise<void> => new Promise((resolve) => opened.push(resolve));
  return { stream, lines, open };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('says hello with its token and hands over what comes', async () => {
  const peer = await control();
  const frames: string[] = [];
  const { stream } = client(peer.url, { onFrame: (frame) => frames.push(frame) });
  const hello = peer.next('hello');
  stream.start();
  assert.equal((await hello).node, 'n');
  peer.send('{"type":"one"}');
  peer.send('{"type":"two"}');
  await until(() => frames.length === 2);
  assert.deepEqual(frames, ['{"type":"one"}', '{"type":"two"}']);
  assert.equal(stream.isOpen, true);
});

test('connects anew within moments of a loss, and finds a control plane that has come back', async () => {
  const first = await control();
  const { stream, open } = client(first.url);
  const begun = open();
  stream.start();
  await begun;
  const again = open();
  first.socket?.terminate();
  await again;
  assert.equal(stream.connects, 2);

  const port = first.port;
  await ends.shift()?.();
  const back = open();
  const second = await FakeControl.listen(port);
  ends.push(() => second.kill());
  await back;
  assert.equal(second.streams, 1);
});

test('a refused token is said once and tried again with what is in the file by then', async () => {
  const peer = await control();
  let token = 'old';
  const { stream, lines, open } = client(peer.url, { readToken: async () => token });
  stream.start();
  await until(() => lines.length > 0);
  assert.match(String(lines[0]?.['reason']), /refused this node's token \(status 401\)/);
  token = 'secret';
  await open();
  assert.equal(lines.filter((line) => line['level'] === 40).length, 1);
});

test('without a token it says so and goes on trying', async () => {
  const peer = await control();
  let there = false;
  const readToken = async () => {
    if (!there) throw new Error('no node token: x');
    return 'secret';
  };
  const { stream, lines, open } = client(peer.url, { readToken });
  stream.start();
  await until(() => lines.length > 0);
  assert.match(String(lines[0]?.['reason']), /no node token/);
  there = true;
  await open();
});

test('a server that is no control plane is named as such', async () => {
  const peer = await control();
  const { stream, lines } = client(`${peer.url}/`, {});
  peer.token = 'other';
  stream.start();
  await until(() => lines.length > 0);
  assert.equal(stream.isOpen, false);
  assert.equal(stream.send({ type: 'heartbeat' }), false);
});

test('sends heartbeats; a peer that goes silent is given up after the silence', async () => {
  const peer = await control();
  const clock = new VirtualClock();
  const { stream, open, lines } = client(peer.url, { clock });
  const opened = open();
  stream.start();
  await opened;
  const beat = peer.next('heartbeat');
  clock.advance(HEARTBEAT);
  assert.deepEqual(await beat, { type: 'heartbeat', overload: ['memory'] });
  // The peer's host is gone: nothing is answered any more, and nothing is closed.
  peer.socket?.pause();
  (peer.socket as unknown as { _socket: { pause(): void } })._socket.pause();
  const again = open();
  for (let passed = 0; passed < SILENCE + HEARTBEAT; passed += HEARTBEAT) clock.advance(HEARTBEAT);
  await until(() => lines.some((line) => /gone silent/.test(String(line['msg']))));
  // The back-off runs on the virtual clock.
  const turning = setInterval(() => clock.advance(100), 5);
  await again;
  clearInterval(turning);
  await settle();
  assert.equal(stream.connects, 2);
});

test('after stop nothing is tried any more', async () => {
  const clock = new VirtualClock();
  const { stream } = client('http://127.0.0.1:9', { clock, readToken: () => Promise.reject(new Error('none')) });
  stream.start();
  await settle();
  stream.stop();
  assert.equal(clock.timers, 0);
});

test('a control plane with a certificate gets the token only when it is the right one', async () => {
  const root = issue({ commonName: 'root', ca: true });
  const site = issue({ addresses: ['127.0.0.1'], issuer: root, use: 'server' });
  const elsewhere = issue({ names: ['other.test'], issuer: root, use: 'server' });
  const { fingerprint256: fingerprint } = new X509Certificate(site.certificate);
  for (const { shown, trust, says } of [
    { shown: site, trust: { fingerprint } },
    { shown: site, trust: { ca: root.certificate } },
    { shown: site, trust: { fingerprint: [fingerprint.replace(/^../, '00'), fingerprint] } },
    { shown: elsewhere, trust: { fingerprint: [fingerprint, '00'] }, says: /another one than is trusted/ },
    {
      shown: site,
      trust: { fingerprint: fingerprint.replace(/^../, '00'), orAuthorities: true, ca: root.certificate },
    },
    { shown: elsewhere, trust: { fingerprint }, says: /another one than is trusted: its fingerprint is/ },
    { shown: elsewhere, trust: { ca: root.certificate }, says: /not trusted: it is for another name or address/ },
    { shown: site, trust: {}, says: /not trusted/ },
  ] satisfies { shown: object; trust: TlsTrust; says?: RegExp }[]) {
    const peer = await FakeControl.listen(0, shown);
    ends.push(() => peer.kill());
    const { stream, lines, open } = client(peer.url, { trust });
    const opened = open();
    stream.start();
    if (says === undefined) {
      await opened;
      assert.equal(peer.tokens, 1);
    } else {
      await until(() => lines.length > 0);
      assert.match(String(lines[0]?.['reason']), says);
      assert.equal(peer.tokens, 0, 'nothing is sent to whoever is not trusted');
    }
    stream.stop();
  }
});
