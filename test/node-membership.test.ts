import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { Running } from '../packages/control/test/running.ts';

const AGENT = join(import.meta.dirname, '..', 'packages', 'agent', 'src', 'main.ts');
/** Milliseconds; another certificate is asked for when about two thirds of that are over. */
const LIFE = 10_000;
const PATIENCE = 60_000;

interface ShownNode {
  readonly state: string;
  readonly zone: string;
  readonly protocol: number;
  readonly kernel: string;
  readonly capacity: { readonly cpus: number; readonly memory: number } | null;
  readonly connections: number | null;
  readonly connectedAt: string | null;
  readonly certificate: { readonly serialNumber: string; readonly expiresAt: string } | null;
}

/** The API over TLS, whoever it is: that is looked at elsewhere. */
function call(
  running: Running,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: never }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: never }>();
  const headers = { authorization: `Bearer ${running.adminToken}`, 'content-type': 'application/json' };
  const asked = request(`${running.url}${path}`, { method, headers, rejectUnauthorized: false }, async (answer) => {
    const text = await Array.fromAsync(answer, String);
    resolve({ status: answer.statusCode!, body: JSON.parse(text.join('')) as never });
  });
  asked.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

async function tokenFor(running: Running, wanted: object = {}): Promise<string> {
  const { status, body } = await call(running, 'POST', '/v1/join-tokens', wanted);
  assert.equal(status, 201, JSON.stringify(body));
  return (body as { token: string }).token;
}

const nodeOf = async (running: Running, name: string): Promise<ShownNode> =>
  (await call(running, 'GET', `/v1/nodes/${name}`)).body;

/** A node agent in a process and a home of its own. */
class Agent {
  readonly home: string;
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(t: TestContext, { url }: Running, name: string, token: string, home?: string) {
    this.home = home ?? mkdtempSync(join(tmpdir(), 'evenkeel-joining-'));
    const flags = ['--home', this.home, '--control-url', url, '--node-name', name, '--metrics-port', '0'];
    const rest = ['--workers', '1', '--reactor', 'portable', '--drain-timeout', '0'];
    const env = { ...process.env, EVENKEEL_JOIN_TOKEN: token };
    this.#child = spawn(process.execPath, [AGENT, ...flags, ...rest], { stdio: ['ignore', 'ignore', 'pipe'], env });
    createInterface(this.#child.stderr!).on('line', (line) => this.lines.push(line));
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null);
    t.after(async () => {
      await this.stop();
      rmSync(this.home, { recursive: true, force: true });
    });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  said(words: RegExp): boolean {
    return this.lines.some((line) => words.test(line));
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a node joins once, gets certificates as the old ones end, is revoked, and refused from then on', async (t) => {
  const running = await Running.start(t, { tls: { kind: 'self-signed' }, nodeCertificateLife: LIFE });
  await call(running, 'POST', '/v1/zones', { name: 'east' });
  const token = await tokenFor(running, { zone: 'east' });
  const agent = new Agent(t, running, 'lb-1', token);
  await until('it is ready', async () => (await nodeOf(running, 'lb-1')).state === 'ready');
  const first = await nodeOf(running, 'lb-1');
  assert.equal(first.zone, 'east');
  assert.equal(first.protocol, 2);
  assert.ok(first.kernel !== '' && first.capacity!.cpus > 0 && first.capacity!.memory > 0);
  await until('it says how many connections it has', async () => (await nodeOf(running, 'lb-1')).connections !== null);

  const identity = join(agent.home, 'credentials', 'node-identity.json');
  assert.equal(statSync(identity).mode & 0o777, 0o600);
  assert.ok(!existsSync(join(agent.home, 'credentials', 'joining-key.pem')));
  const keyOf = () => (JSON.parse(readFileSync(identity, 'utf8')) as { key: string }).key;
  const key = keyOf();
  const changed = async () => {
    const { certificate } = await nodeOf(running, 'lb-1');
    return certificate!.serialNumber !== first.certificate!.serialNumber && keyOf() !== key;
  };
  const thief = new Agent(t, running, 'lb-2', token);
  assert.equal(await thief.ended, 1);
  assert.ok(
    thief.said(/cannot join: the join token is refused: a node has joined with it already/),
    thief.lines.join(),
  );

  await until('the node has a certificate of another key', changed);
  assert.equal((await nodeOf(running, 'lb-1')).connectedAt, first.connectedAt, 'its stream has not broken off');

  const { body } = await call(running, 'POST', '/v1/nodes/lb-1/revoke');
  assert.equal((body as ShownNode).state, 'revoked');
  await until('its stream has ended', async () => (await nodeOf(running, 'lb-1')).connectedAt === null);
  await until('it knows why', () => agent.said(/this node is refused: it was revoked; have it join/));
  assert.ok(agent.said(/this node was revoked: it goes on with its last plan/));
  await agent.stop();

  const again = new Agent(t, running, 'lb-1', await tokenFor(running, { nodeId: 'lb-1' }), agent.home);
  await until('it is a node again', async () => (await nodeOf(running, 'lb-1')).state === 'ready');
  assert.ok(again.said(/this node has joined/));
});
