import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../src/start/home.ts';
import { startTimeOf } from '../src/start/process-time.ts';
import { adminToken, ask, Evenkeel, pidOf, runningOn, temporaryHome, until } from './evenkeel.ts';

const mode = (path: string) => statSync(path).mode & 0o777;

/** Runs another command of the CLI on the home. */
async function command(name: string, home: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'evenkeel.mjs'), name, '--home', home, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { code: code as number, stdout };
}

/** Makes a load balancer through the API. Resolves with its VIP. */
async function createLoadBalancer(url: string, token: string, document: object): Promise<string> {
  const answer = await ask(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'test' },
    body: JSON.stringify(document),
  });
  assert.equal(answer?.status, 201, JSON.stringify(answer));
  return (JSON.parse(answer.body) as { vip: string }).vip;
}

describe('evenkeel start', () => {
  test('the first start has a demo that answers, and Ctrl-C ends everything with 0', async (t) => {
    const home = temporaryHome(t);
    const evenkeel = new Evenkeel(home);
    const { url, metricsUrl, processes } = await evenkeel.ready();
    const [, demo] = await evenkeel.says(/curl (http:\/\/\S+)/);
    assert.equal(existsSync(join(home, 'logs', 'access.log')), false, 'nobody has asked the demo anything yet');

    const origins = new Set<string | null>();
    for (let i = 0; i < 4; i++) {
      const answer = await ask(`${demo}some/path`);
      assert.equal(answer?.status, 200);
      const seen = JSON.parse(answer.body) as { path: string; headers: Record<string, string> };
      assert.equal(seen.path, '/some/path');
      assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
      origins.add(answer.origin);
    }
    assert.deepEqual([...origins].sort(), ['origin-1', 'origin-2']);

    assert.equal((await ask(`${url}/v1/load-balancers`))?.status, 401);
    const authorized = { headers: { authorization: `Bearer ${adminToken(home)}` } };
    assert.equal((await ask(`${url}/v1/load-balancers`, authorized))?.status, 200);
    assert.equal((await ask(`${url}/docs`))?.status, 200);
    assert.equal((await ask(String(metricsUrl)))?.status, 200);
    for (const name of ['admin.json', 'node.json']) assert.equal(mode(join(home, 'credentials', name)), 0o600);
    assert.equal(mode(home) & 0o077, 0);

    evenkeel.signal('SIGINT');
    assert.equal(await evenkeel.ended(), 0);
    assert.match(evenkeel.stdout, /Stopped\.\n$/);
    assert.equal(evenkeel.stderr, '');
    for (const { name, pid } of processes) assert.equal(startTimeOf(pid), null, `${name} is still there`);
  });

  test('a later start has the demo again, and forgets it once its load balancer is deleted', async (t) => {
    const home = temporaryHome(t);
    const first = new Evenkeel(home);
    await first.ready();
    const [, demo] = await first.says(/curl (http:\/\/\S+)/);
    first.signal('SIGTERM');
    assert.equal(await first.ended(), 0);
    assert.equal(await ask(demo), null);

    const second = new Evenkeel(home);
    const { url } = await second.ready();
    assert.equal((await second.says(/curl (http:\/\/\S+)/))[1], demo);
    assert.equal((await ask(demo))?.status, 200);
    const { loadBalancerId } = JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as { loadBalancerId: string };
    const headers = { authorization: `Bearer ${adminToken(home)}` };
    const deleted = await ask(`${url}/v1/load-balancers/${loadBalancerId}`, { method: 'DELETE', headers });
    assert.equal(deleted?.status, 200, JSON.stringify(deleted));
    second.signal('SIGTERM');
    assert.equal(await second.ended(), 0);

    const third = new Evenkeel(home);
    await third.ready();
    assert.doesNotMatch(third.stdout, /curl/);
    await until('its servers have ended', () => pidOf(home, 'origin-1') === null);
    third.signal('SIGTERM');
    assert.equal(await third.ended(), 0);
  });

  test('it can be stopped while it starts', async (t) => {
    const home = temporaryHome(t);
    const evenkeel = new Evenkeel(home);
    await evenkeel.says(/^Starting/m);
    evenkeel.signal('SIGINT');
    assert.equal(await evenkeel.ended(), 0);
    assert.doesNotMatch(evenkeel.stdout, /Ready|demo/);
    assert.equal(evenkeel.stderr, '');
  });

  test('a request in flight is waited for, and a second Ctrl-C ends it', async (t) => {
    const home = temporaryHome(t);
    const silent = createServer().listen(0, '127.0.0.1');
    t.after(() => silent.close());
    await once(silent, 'listening');
    const evenkeel = new Evenkeel(home, ['--no-demo', '--drain-timeout', '60']);
    const { url, processes } = await evenkeel.ready();
    const vip = await createLoadBalancer(`${url}/v1/load-balancers`, adminToken(home), {
      name: 'slow',
      listeners: [
        {
          protocol: 'http',
          port: 8080,
          service: {
            healthCheck: { enabled: false },
            targets: [{ address: '127.0.0.1', port: (silent.address() as AddressInfo).port }],
          },
        },
      ],
    });
    const listens = () =>
      new Promise<boolean>((resolve) => {
        const trial = connect(8080, vip, () => resolve(true)).on('error', () => resolve(false));
        trial.once('connect', () => trial.destroy());
      });
    await until('it listens', listens);

    const client = connect(8080, vip);
    t.after(() => client.destroy());
    client.on('error', () => {});
    client.write('GET / HTTP/1.1\r\nHost: slow\r\n\r\n');
    const [target] = (await once(silent, 'connection')) as [Socket];
    t.after(() => target.destroy());
    await once(target, 'data');
    evenkeel.signal('SIGINT');
    await evenkeel.says(/^Stopping/m);
    await until('it listens no more', async () => !(await listens()));
    // The second one counts only when it cannot be an echo of the first.
    await sleep(600);
    assert.equal(evenkeel.child.exitCode, null);
    evenkeel.signal('SIGINT');
    assert.equal(await evenkeel.ended(), 130);
    for (const { name, pid } of processes) assert.equal(startTimeOf(pid), null, `${name} is still there`);
  });

  test('status tells where it is, and stop ends it', async (t) => {
    const home = temporaryHome(t);
    assert.deepEqual(await command('status', home), { code: 5, stdout: `Evenkeel does not run on ${home}.\n` });
    assert.equal((await command('stop', home)).code, 1);
    const evenkeel = new Evenkeel(home, ['--no-demo']);
    const { url } = await evenkeel.ready();
    const { code, stdout } = await command('status', home, '--json');
    assert.equal(code, 0);
    const status = JSON.parse(stdout) as { running: boolean; url: string; pid: number };
    assert.deepEqual([status.running, status.url, status.pid], [true, url, evenkeel.child.pid]);
    assert.deepEqual(await command('stop', home), { code: 0, stdout: 'Stopped.\n' });
    assert.equal(await evenkeel.ended(), 0);
  });

  test('--no-demo leaves the demo out for good', async (t) => {
    const home = temporaryHome(t);
    for (const args of [['--no-demo'], []]) {
      const evenkeel = new Evenkeel(home, args);
      const { processes } = await evenkeel.ready();
      assert.deepEqual(processes.map(({ name }) => name).sort(), ['control plane', 'node agent']);
      assert.doesNotMatch(evenkeel.stdout, /curl/);
      evenkeel.signal('SIGINT');
      assert.equal(await evenkeel.ended(), 0);
    }
  });
});

describe('a start that cannot be', () => {
  for (const [flag, whose] of [
    ['--port', 'API'],
    ['--metrics-port', 'metrics'],
  ]) {
    test(`the port of the ${whose} is in use, and nothing is left behind`, async (t) => {
      const folder = temporaryHome(t);
      const home = join(folder, 'home');
      const other = createServer().listen(0, '127.0.0.1');
      t.after(() => other.close());
      await once(other, 'listening');
      const { port } = other.address() as { port: number };
      for (const flags of [[], ['--no-demo']]) {
        const refused = new Evenkeel(home, [flag, String(port), ...flags]);
        assert.equal(await refused.ended(), 1);
        assert.deepEqual(readdirSync(folder), []);
      }
      const evenkeel = new Evenkeel(folder, [flag, String(port)]);
      assert.equal(await evenkeel.ended(), 1);
      assert.deepEqual(readdirSync(folder), []);
      assert.match(evenkeel.stderr, new RegExp(`^evenkeel: (?!evenkeel)[^\\n]*${port}[^\\n]*${flag}[^\\n]*\\n$`));

      const again = new Evenkeel(folder, ['--no-demo']);
      await again.ready();
      again.signal('SIGINT');
      assert.equal(await again.ended(), 0);
    });
  }

  test('an option is wrong', async (t) => {
    const evenkeel = new Evenkeel(temporaryHome(t), ['--port', 'http']);
    assert.equal(await evenkeel.ended(), 2);
    assert.match(evenkeel.stderr, /^evenkeel: --port http is not allowed: [^\n]*\n$/);
  });

  for (const [of, variable] of [
    ['the control plane', 'EVENKEEL_AUDIT_DAYS'],
    ['the node agent', 'EVENKEEL_ACCESS_LOG_KEEP'],
  ] as const) {
    test(`a variable of ${of} is wrong`, async (t) => {
      const home = temporaryHome(t);
      const evenkeel = new Evenkeel(home, ['--no-demo'], { environment: { [variable]: 'many' } });
      assert.equal(await evenkeel.ended(), 2);
      assert.match(evenkeel.stderr, new RegExp(`^evenkeel: ${variable} [^\\n]*number[^\\n]*\\n$`));
      assert.doesNotMatch(evenkeel.stdout, /started again/);
      assert.equal(runningOn(home), null);
    });
  }

  test('the home cannot be written', async (t) => {
    const home = join(temporaryHome(t), 'home');
    mkdirSync(home);
    chmodSync(home, 0o555);
    chmodSync(join(home, '..'), 0o755);
    // Root may write everywhere, so root tries as somebody else.
    const evenkeel = new Evenkeel(home, [], process.getuid?.() === 0 ? { uid: 65_534 } : {});
    assert.equal(await evenkeel.ended(), 1);
    assert.match(evenkeel.stderr, /^evenkeel: \S+ cannot be written by this user \(EACCES\): [^\n]*--home[^\n]*\n$/);
  });

  test('a file is where the home should be', async (t) => {
    const home = join(temporaryHome(t), 'home');
    writeFileSync(home, 'a file');
    const evenkeel = new Evenkeel(home);
    assert.equal(await evenkeel.ended(), 1);
    assert.match(evenkeel.stderr, /^evenkeel: \S+ cannot be a folder[^\n]*\n$/);
    assert.equal(readFileSync(home, 'utf8'), 'a file');
  });

  test('the state file is corrupt, and stays as it is', async (t) => {
    const home = temporaryHome(t);
    const state = join(home, 'state', 'evenkeel.db');
    mkdirSync(join(home, 'state'));
    writeFileSync(state, 'this is no database. '.repeat(1000));
    const evenkeel = new Evenkeel(home);
    assert.equal(await evenkeel.ended(), 1);
    assert.match(evenkeel.stderr, /^evenkeel: [^\n]*evenkeel\.db[^\n]*\n$/);
    assert.equal(readFileSync(state, 'utf8'), 'this is no database. '.repeat(1000));
  });

  test('somebody runs on the home already, and goes on', async (t) => {
    const home = temporaryHome(t);
    const first = new Evenkeel(home, ['--no-demo']);
    const { url } = await first.ready();
    const second = new Evenkeel(home);
    assert.equal(await second.ended(), 1);
    assert.match(
      second.stderr,
      new RegExp(`^evenkeel: Evenkeel already runs on ${home} \\(process ${first.child.pid}, ${url}\\)[^\\n]*\\n$`),
    );
    assert.equal((await ask(`${url}/v1/openapi.json`))?.status, 200);
    first.signal('SIGINT');
    assert.equal(await first.ended(), 0);
  });
});

describe('when a process is killed', () => {
  test('control plane: traffic goes on, and who asks the API waits until it is back', async (t) => {
    const home = temporaryHome(t);
    const evenkeel = new Evenkeel(home);
    const { url } = await evenkeel.ready();
    const [, demo] = await evenkeel.says(/curl (http:\/\/\S+)/);

    let stop = false;
    const statuses = new Map<number | null, number>();
    const traffic = (async () => {
      while (!stop) {
        const status = (await ask(demo))?.status ?? null;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    })();
    process.kill(pidOf(home, 'control plane') as number, 'SIGKILL');
    await evenkeel.says(/control plane has died \(SIGKILL\); it is started again/);
    const calls = Array.from({ length: 20 }, () => ask(`${url}/v1/openapi.json`));
    await evenkeel.says(/control plane is back/);
    const answers = await Promise.all(calls);
    assert.deepEqual(new Set(answers.map((answer) => answer?.status)), new Set([200]), 'none was refused');
    stop = true;
    await traffic;
    assert.deepEqual([...statuses.keys()], [200]);
    assert.equal((await ask(`${url}/v1/openapi.json`))?.status, 200);
    evenkeel.signal('SIGINT');
    assert.equal(await evenkeel.ended(), 0);
  });

  test('node agent: it is started again, and traffic with it', async (t) => {
    const home = temporaryHome(t);
    const evenkeel = new Evenkeel(home);
    const { metricsUrl } = await evenkeel.ready();
    const [, demo] = await evenkeel.says(/curl (http:\/\/\S+)/);
    process.kill(pidOf(home, 'node agent') as number, 'SIGKILL');
    await evenkeel.says(/node agent is back/);
    assert.equal((await ask(demo))?.status, 200);
    assert.equal((await ask(String(metricsUrl)))?.status, 200);
    evenkeel.signal('SIGINT');
    assert.equal(await evenkeel.ended(), 0);
  });

  test('supervisor: nothing is left behind, and the next start works at once', async (t) => {
    const home = temporaryHome(t);
    const first = new Evenkeel(home);
    const { processes } = await first.ready();
    const [, demo] = await first.says(/curl (http:\/\/\S+)/);
    first.signal('SIGKILL');
    assert.equal(await first.ended(), 'SIGKILL');

    const second = new Evenkeel(home);
    await second.ready();
    assert.equal((await ask(demo))?.status, 200);
    for (const { name, pid } of processes)
      assert.equal(startTimeOf(pid), null, `${name} of the first run is still there`);
    second.signal('SIGINT');
    assert.equal(await second.ended(), 0);
  });
});
