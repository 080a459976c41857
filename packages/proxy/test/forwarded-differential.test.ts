import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { mutate } from '@evenkeel/testbed/fuzz/mutate.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { requires } from '@evenkeel/testbed/requirements.ts';
import { requestFuzz } from '../src/http1/request.fuzz.ts';
import { Random } from '../src/reactor/simulated/random.ts';
import { BACKENDS, type Seen, seenIn } from './backends.ts';
import type { Origin } from './exchange.ts';
import { Front } from './front.ts';

const ALL = {
  ...PLAIN_HTTP,
  desyncMode: 'monitor',
  forwarding: {
    clientAddress: 'append',
    protocol: true,
    port: true,
    host: true,
    loadBalancerAddress: true,
    clientPort: true,
    standard: true,
  },
} as const;

const NEEDS: Readonly<Record<string, string>> = { nginx: 'nginx', 'http.server of Python': 'python3' };

const trusted = new BlockList();
trusted.addSubnet('127.9.0.0', 16);
trusted.addSubnet('2001:db8:1::', 48, 'ipv6');

function isTrusted(address: string): boolean {
  return trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Who the client is, by another reading of X-Forwarded-For: elements are addresses without ports, or no addresses. */
function clientOf(sender: string, forwardedFor: string): string {
  let client = sender;
  const chain = forwardedFor.split(',').map((element) => element.trim());
  while (chain.length > 0 && isTrusted(client)) {
    const next = chain.pop() as string;
    if (next === '') continue;
    if (isIP(next) === 0) break;
    client = next;
  }
  return client;
}

function randomRequest(random: Random): { text: string; forwardedFor: string } {
  const method = random.pick(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
  const path = `/${random.pick(['', 'a', 'a/b?c=d&e', '%20%41', "~!$&'()*+,;=:@", 'x'.repeat(random.below(200))])}`;
  const host = random.pick([
    'a.test',
    'A.test:8080',
    '192.0.2.1',
    '[2001:db8::1]:80',
    'x'.repeat(random.between(1, 480)),
  ]);
  const elements = ['192.0.2.7', '2001:db8::7', '127.9.0.7', '2001:db8:1::7', 'unknown', '', '203.0.113.9'];
  const chain = Array.from({ length: random.below(4) }, () => random.pick(elements));
  const forwardedFor = chain.join(random.pick([',', ', ', ' , ']));
  const lines = [`Host: ${host}`];
  if (chain.length > 0) lines.push(`X-Forwarded-For: ${forwardedFor}`);
  if (random.chance(0.3)) lines.push('X-Forwarded-Proto: https');
  if (random.chance(0.3)) lines.push('X-Forwarded-Host: elsewhere.test');
  if (random.chance(0.3))
    lines.push('X-Forwarded-LBIP: 203.0.113.1', 'X-Forwarded-Client-Port: 7', 'X-Forwarded-Port: 8');
  if (random.chance(0.3))
    lines.push(`Forwarded: ${random.pick(['for=192.0.2.7', 'for="[2001:db8::7]:1";proto=https', 'for="x'])}`);
  if (random.chance(0.2)) lines.push('X_Forwarded_For: 203.0.113.66', 'X_Forwarded_Proto: https');
  random.shuffle(lines);
  const body = method === 'POST' || method === 'PUT' ? 'b'.repeat(random.below(300)) : '';
  if (body !== '') lines.push(`Content-Length: ${body.length}`);
  const target = random.chance(0.1) ? `http://${host}${path}` : path;
  return { text: `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`, forwardedFor };
}

type Line = Record<string, unknown>;

/** What a backend saw of a client without trust is what the log says of it. */
function checkStranger({ fields }: Seen, line: Line, from: string, port: number): void {
  assert.equal(line['client_ip'], from);
  assert.equal(line['sender'], undefined);
  assert.deepEqual(fields, {
    'x-forwarded-for': from,
    'x-forwarded-proto': 'http',
    'x-forwarded-port': String(port),
    'x-forwarded-host': line['host'],
    'x-forwarded-lbip': line['vip'],
    'x-forwarded-client-port': String(line['client_port']),
    forwarded: `by=${line['vip']};for="${from}:${line['client_port']}";proto=http;host="${line['host']}"`,
  });
}

/** Behind a trusted proxy, the list that a backend saw leads to the client that the log names. */
function checkProxied({ fields }: Seen, line: Line, from: string, forwardedFor: string): void {
  assert.equal(line['client_ip'], clientOf(from, forwardedFor));
  const list = fields['x-forwarded-for'].split(',').map((element) => element.trim());
  assert.equal(list.pop(), from);
  assert.equal(clientOf(from, list.join(',')), line['client_ip']);
  const port = /for="127\.9\.0\.1:(\d+)"/.exec(fields.forwarded)?.[1];
  assert.equal(line['sender'] ?? `${from}:${line['client_port']}`, `${from}:${port}`);
  assert.ok(fields.forwarded.endsWith(`;proto=http;host="${line['host']}"`), fields.forwarded);
  for (const value of Object.values(fields)) assert.notEqual(value, '203.0.113.66');
}

for (const reactor of ['uring', 'portable'] as const) {
  for (const [name, open] of Object.entries(BACKENDS)) {
    const needs = NEEDS[name];
    const skip = requiresReactor(reactor) || (needs === undefined ? false : requires(needs));
    describe(`what ${name} sees behind ${reactor} is what is logged`, { skip, timeout: 60_000 }, () => {
      let front: Front;
      let backend: Origin;
      before(async () => {
        backend = await open();
        front = await Front.open(reactor);
        await front.plan([backend.port], {
          http: ALL,
          trustedProxies: ['127.9.0.0/16', '2001:db8:1::/48'],
          idleTimeout: 300,
        });
      });
      after(async () => {
        await front.engine.stop(1_000);
        await backend.close();
      });

      for (const [who, from] of [
        ['a client without trust', '127.8.0.1'],
        ['a trusted proxy', '127.9.0.1'],
      ] as const) {
        it(`of ${who}`, async () => {
          const random = new Random(11);
          for (let n = 0; n < 60; n++) {
            const requests = Array.from({ length: random.between(1, 3) }, () => randomRequest(random));
            const text = await front.talk(requests.map((request) => request.text).join(''), { from, end: true });
            const lines = await front.lines(requests.length);
            const seen = seenIn(text);
            assert.equal(seen.length, requests.length, text);
            seen.forEach((its, i) => {
              const line = lines[i] as Line;
              const uri = String(line['uri']).replace(/^http:\/\/[^/]*/, '');
              assert.deepEqual([its.method, its.uri, its.host], [line['method'], uri, line['host']]);
              if (from === '127.8.0.1') checkStranger(its, line, from, front.port);
              else checkProxied(its, line, from, requests[i]!.forwardedFor);
            });
          }
        });
      }

      it('of mutated requests', async () => {
        const random = new Random(23);
        const inputs = Array.from({ length: 40 }, () => Buffer.from(randomRequest(random).text, 'latin1'));
        for (let n = 0; n < 150; n++) {
          const input = mutate(random, { inputs, words: requestFuzz.words });
          if (input.length === 0) continue;
          const before = front.counters.requests;
          const text = await front.talk(input, { from: '127.8.0.1', end: true });
          const lines = await front.lines(front.counters.requests - before);
          const replay = JSON.stringify(Buffer.from(input).toString('latin1'));
          // An answer to HEAD has no body to tell anything in, and a backend may refuse what the proxy passes on.
          const told = lines.filter((line) => line['target_status'] === 200 && line['method'] !== 'HEAD');
          const seen = seenIn(text);
          assert.equal(seen.length, told.length, replay);
          seen.forEach((its, i) => {
            const line = told[i] as Line;
            const uri = String(line['uri']).replace(/^http:\/\/[^/?]*/i, '');
            // Python leaves white space behind a value, which belongs to none (RFC 9110 section 5.5).
            const host = its.host.trimEnd();
            assert.deepEqual([its.method, its.uri, host], [line['method'], uri, line['host']], replay);
            assert.equal(its.fields['x-forwarded-for'], '127.8.0.1', replay);
            assert.equal(its.fields['x-forwarded-client-port'], String(line['client_port']), replay);
          });
        }
      });
    });
  }
}
