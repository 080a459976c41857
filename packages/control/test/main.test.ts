import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { BoundSocket, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { temporaryHome } from './home.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');
/** Where compiled code is kept. */
const COMPILED = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'compile');

/** The control plane as a process of its own. */
function run(
  t: TestContext,
  ...args: string[]
): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, [MAIN, '--log-level', 'warn', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function ready(child: ReturnType<typeof run>): Promise<string> {
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const message = JSON.parse(line.toString()) as { event: string; url: string };
  assert.equal(message.event, 'ready');
  return message.url;
}

/** What it says when it cannot start: one sentence on standard error, nothing on standard output, status 1 or another. */
async function refusal(child: ReturnType<typeof run>, wanted = 1): Promise<string> {
  const [output, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  assert.equal(status, wanted, errors);
  assert.equal(output, '');
  assert.match(errors, /^evenkeel: [^\n]+\n$/);
  return errors;
}

test('compiled code is kept between starts, also without the supervisor, in the folder that the supervisor names', async () => {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  delete env['NODE_COMPILE_CACHE'];
  for (const [folder, environment] of [
    [COMPILED, env],
    [join(COMPILED, 'other'), { ...env, NODE_COMPILE_CACHE: join(COMPILED, 'other') }],
  ] as const) {
    const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'ignore', 'pipe'], env: environment });
    const errors = await text(child.stderr);
    assert.ok(errors.includes(`resolved path ${folder} `), errors.slice(0, 500));
    assert.match(errors, /for ESM file:.*packages\/control\/src\/control-plane\.ts/);
  }
  rmSync(join(COMPILED, 'other'), { recursive: true, force: true });
});

test('starts, keeps credentials to itself, stops on SIGTERM with status 0, and starts again with the same tokens', async (t) => {
  const home = temporaryHome(t);
  const first = run(t, '--home', home, '--port', '0');
  const url = await ready(first);
  const admin = join(home, 'credentials', 'admin.json');
  const node = join(home, 'credentials', 'node.json');
  for (const file of [admin, node]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  const { token, url: named } = JSON.parse(readFileSync(admin, 'utf8')) as { token: string; url: string };
  assert.equal(named, url);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const created = await fetch(`${url}/v1/load-balancers`, { method: 'POST', headers, body: '{"name":"a"}' });
  assert.equal(created.status, 201);

  const errors = text(first.stderr);
  first.kill('SIGTERM');
  const [status] = await once(first, 'exit');
  assert.equal(status, 0);
  assert.doesNotMatch(await errors, new RegExp(token), 'tokens are not logged');

  const second = run(t, '--home', home, '--port', '0');
  const list = await fetch(`${await ready(second)}/v1/load-balancers`, { headers });
  assert.equal(((await list.json()) as { items: unknown[] }).items.length, 1);
  assert.deepEqual(readdirSync(join(home, 'credentials')).toSorted(), ['admin.json', 'node.json', 'secrets.key']);
  assert.equal(statSync(join(home, 'credentials', 'secrets.key')).mode & 0o777, 0o600);
  second.kill('SIGINT');
  assert.deepEqual(await once(second, 'exit'), [0, null]);
});

test('a second start on the same home is refused, and the first goes on', async (t) => {
  const home = temporaryHome(t);
  const first = run(t, '--home', home, '--port', '0');
  const url = await ready(first);
  assert.match(await refusal(run(t, '--home', home, '--port', '0')), /another control plane uses/);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('a port in use', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1');
  t.after(() => blocker.close());
  await once(blocker, 'listening');
  const { port } = blocker.address() as { port: number };
  const message = await refusal(run(t, '--home', temporaryHome(t), '--port', String(port)));
  assert.match(message, new RegExp(`port ${port} of 127.0.0.1 is in use; .*--port`));
});

test('a damaged state file, damaged credentials, and a home that is a file', async (t) => {
  const home = temporaryHome(t);
  mkdirSync(join(home, 'state'));
  writeFileSync(join(home, 'state', 'evenkeel.db'), 'x'.repeat(10_000));
  assert.match(await refusal(run(t, '--home', home, '--port', '0')), /is damaged/);
  assert.equal(readFileSync(join(home, 'state', 'evenkeel.db'), 'utf8'), 'x'.repeat(10_000));

  const other = temporaryHome(t);
  mkdirSync(join(other, 'credentials'));
  writeFileSync(join(other, 'credentials', 'admin.json'), '{');
  assert.match(await refusal(run(t, '--home', other, '--port', '0')), /admin\.json holds no token/);

  const file = join(temporaryHome(t), 'file');
  writeFileSync(file, '');
  assert.match(await refusal(run(t, '--home', file, '--port', '0')), /make it writable, or choose another --home/);
});

test('a home that may not be written', { skip: process.getuid?.() === 0 && 'root may write everywhere' }, async (t) => {
  const home = temporaryHome(t);
  chmodSync(home, 0o500);
  assert.match(await refusal(run(t, '--home', home, '--port', '0')), /writable/);
});

test('a wrong flag', async (t) => {
  assert.match(await refusal(run(t, '--nonsense'), 2), /--nonsense.*see --help/);
});

test('--help', async (t) => {
  const child = run(t, '--help');
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.equal(status, 0);
  assert.match(output, /--home DIR/);
});

test('who asks for metrics while there is no control plane waits for the next one, where their socket is held', async (t) => {
  const home = temporaryHome(t);
  const held = new BoundSocket({ host: '127.0.0.1', port: 0 });
  t.after(() => held.close());
  const { port } = held.address();
  const start = async () => {
    const flags = ['--home', home, '--port', '0', '--log-level', 'warn', '--control-metrics', `127.0.0.1:${port}`];
    const child = spawn(process.execPath, [MAIN, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit', held.fd()],
      env: { ...process.env, EVENKEEL_METRICS_SOCKET: '3' },
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout!, 'data');
    return child;
  };
  const scrape = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
    return [answer.status, /^evenkeel_control_leading 1$/m.test(await answer.text())];
  };
  const first = await start();
  assert.deepEqual(await scrape(), [200, true]);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const waiting = scrape();
  const second = await start();
  assert.deepEqual(await waiting, [200, true]);
  second.kill('SIGTERM');
  assert.deepEqual(await once(second, 'exit'), [0, null]);
});
