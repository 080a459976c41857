import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as allOf } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure, WrongSetting } from './failure.ts';
import { apiSocket, metricsSocket } from './held-socket.ts';
import { LogFile } from './log-file.ts';
import { nodeFlagsOf } from './node-flags.ts';
import { startTimeOf } from './process-time.ts';
import { SCRIPTS } from './processes.ts';
import { type ProcessSpec, SupervisedProcess } from './supervised-process.ts';

const READY = `console.log('{"event":"ready","pid":' + process.pid + '}');`;
const STAY = 'setInterval(() => {}, 1000);';
/** Milliseconds that a process may take to end on a machine that has much else to do. */
const PATIENCE = 60_000;

/** A supervised process that runs `text`, and what was said about it. */
function supervise(t: TestContext, text: string, more: Pick<ProcessSpec, 'listensOn'> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-process-'));
  const script = join(folder, 'main.mjs');
  const logPath = join(folder, 'a.log');
  writeFileSync(script, text);
  writeFileSync(join(folder, 'node-flags'), nodeFlagsOf(SCRIPTS.control).join('\n'));
  const said: string[] = [];
  let heard = Promise.withResolvers<void>();
  const process = new SupervisedProcess(
    { name: 'worker bee', script, args: () => ['--flag'], ...more },
    {
      log: new LogFile(logPath),
      logPath,
      say: (line) => {
        said.push(line);
        heard.resolve();
        heard = Promise.withResolvers();
      },
      onChange: () => {},
    },
  );
  t.after(async () => {
    process.kill();
    await process.stop(1);
    rmSync(folder, { recursive: true });
  });
  const until = async (pattern: RegExp) => {
    while (!said.some((line) => pattern.test(line))) await heard.promise;
  };
  return { process, said, until, logPath };
}

test('it is ready when it says so, and ends when it is told to', async (t) => {
  const { process, said } = supervise(t, `process.on('SIGTERM', () => process.exit(0)); ${READY} ${STAY}`);
  const ready = await process.start();
  assert.equal(ready.pid, process.mark?.pid);
  await process.stop(PATIENCE);
  assert.equal(process.mark, null);
  assert.deepEqual(said, []);
});

test('the room for young objects of a process has a bound', async (t) => {
  const fill = 'const kept = new Array(100_000); for (let i = 0; i < 2_000_000; i++) kept[i % kept.length] = { i };';
  const size = "getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size";
  const check = `if (${size} > 16 * 1024 * 1024) throw new Error('no bound');`;
  const { process } = supervise(
    t,
    `import { getHeapSpaceStatistics } from 'node:v8'; ${fill} ${check} ${READY} ${STAY}`,
  );
  await process.start();
});

test('one that waits for something has started, and the terminal is told when it is ready, if it was told that it waits', async (t) => {
  const waiting = `console.log('{"event":"waiting","waitsFor":"spring","pid":' + process.pid + '}');`;
  const { process, said, until } = supervise(t, `process.on('SIGUSR2', () => { ${READY} }); ${waiting} ${STAY}`);
  const { event, pid } = await process.start();
  assert.equal(event, 'waiting');
  const ready = process.readyWithin(PATIENCE);
  globalThis.process.kill(pid as number, 'SIGUSR2');
  assert.equal(await ready, true);
  assert.deepEqual(said, []);
  globalThis.process.kill(pid as number, 'SIGKILL');
  await until(/^worker bee is back \(.* s\), and waits for spring$/);
  assert.equal(await process.readyWithin(0), false);
  globalThis.process.kill(process.mark!.pid, 'SIGUSR2');
  await until(/^worker bee is ready$/);
});

test('one that dies is started again', async (t) => {
  const { process, said, until } = supervise(t, READY + STAY);
  const { pid } = await process.start();
  globalThis.process.kill(pid as number, 'SIGKILL');
  await until(/is back/);
  assert.match(said[0], /^worker bee has died \(SIGKILL\); it is started again in 0.2 s$/);
  assert.notEqual(process.mark?.pid, pid);
});

for (const host of ['127.0.0.1', '::1']) {
  test(`who connects to ${host} while it is dead waits for the next one, and is refused when the socket is closed`, async (t) => {
    const sockets = [apiSocket(host, 0), metricsSocket({ host, port: 0 })];
    const [port, metricsPort] = sockets.map((socket) => socket.open()) as [number, number];
    const closeAll = () => {
      for (const socket of sockets) socket.close();
    };
    t.after(closeAll);
    const serve = (variable: string, text: string) =>
      `createServer((socket) => socket.end('${text}')).listen({ fd: Number(process.env.${variable}) }`;
    const { process, until } = supervise(
      t,
      `import { createServer } from 'node:net';
       ${serve('EVENKEEL_METRICS_SOCKET', 'pollen')});
       ${serve('EVENKEEL_API_SOCKET', 'honey')}, () => ${READY.slice(0, -1)});`,
      { listensOn: sockets },
    );
    const { pid } = await process.start();
    const visit = (at = port) => allOf(connect(at, host));
    assert.equal(await visit(), 'honey');
    globalThis.process.kill(pid as number, 'SIGKILL');
    await until(/has died/);
    const visits = [visit(), visit(), visit(metricsPort)];
    assert.deepEqual(await Promise.all(visits), ['honey', 'honey', 'pollen']);
    closeAll();
    await process.stop(PATIENCE);
    await assert.rejects(visit(), { code: 'ECONNREFUSED' });
  });
}

test('one that does not end is killed', async (t) => {
  const { process, said } = supervise(t, `process.on('SIGTERM', () => {}); ${READY} ${STAY}`);
  await process.start();
  await process.stop(20);
  assert.match(said[0], /has not ended within 0.02 s and is killed/);
});

test('one that cannot start says why, and is not tried again', async (t) => {
  const { process, said } = supervise(t, "console.error('Port 80 is taken: choose another.'); process.exit(1);");
  await assert.rejects(process.start(), (error) => {
    assert.ok(error instanceof StartFailure);
    assert.equal(error.message, 'Port 80 is taken: choose another.');
    return true;
  });
  assert.deepEqual(said, []);
});

test('one that ends with 2 has a wrong option, or variable in its place; one that ends otherwise has none', async (t) => {
  for (const [code, Kind] of [
    [2, WrongSetting],
    [1, StartFailure],
  ] as const) {
    const { process, said } = supervise(t, `console.error('evenkeel-bee: --wings 3 is odd'); process.exit(${code});`);
    await assert.rejects(process.start(), (error: Error) => {
      assert.equal(error.constructor, Kind);
      assert.equal(error.message, '--wings 3 is odd');
      return true;
    });
    assert.deepEqual(said, []);
  }
});

test('the reason may be an entry of a JSON log among others', async (t) => {
  const log = '{"level":30,"msg":"beginning"}\\n{"level":60,"msg":"evenkeel-bee: no flowers"}\\n';
  const { process } = supervise(t, `process.stderr.write('${log}', () => process.exit(1));`);
  await assert.rejects(process.start(), { message: 'no flowers' });
});

test('one that crashes at the start leaves its heading and the place of its log', async (t) => {
  const { process, logPath } = supervise(t, 'null.x;');
  await assert.rejects(
    process.start(),
    /worker bee ended while it was starting \(exit code 1\): TypeError: .*Its log is/,
  );
  assert.match(readFileSync(logPath, 'utf8'), /TypeError/);
});

test('one that was stopped is not started', async (t) => {
  const { process } = supervise(t, READY + STAY);
  await process.stop(1);
  await assert.rejects(process.start(), StartFailure);
  assert.equal(process.mark, null);
});

test('its output is kept in its log, to the last line', async (t) => {
  const farewell = "process.on('SIGTERM', () => { console.log('last words'); process.exit(0); });";
  const { process, logPath } = supervise(t, `console.log('first'); ${farewell} ${READY} ${STAY}`);
  await process.start();
  await process.stop(PATIENCE);
  assert.equal(readFileSync(logPath, 'utf8'), 'first\nlast words\n');
});

test('it does not outlive its supervisor', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-process-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const bee = join(folder, 'bee.mjs');
  writeFileSync(bee, READY + STAY);
  writeFileSync(
    join(folder, 'supervisor.mjs'),
    `import { SupervisedProcess } from ${JSON.stringify(join(import.meta.dirname, 'supervised-process.ts'))};
     const around = { log: { write() {} }, logPath: '', say() {}, onChange() {} };
     const bee = new SupervisedProcess({ name: 'bee', script: ${JSON.stringify(bee)}, args: () => [] }, around);
     console.log((await bee.start()).pid);`,
  );
  const supervisor = spawn(process.execPath, [join(folder, 'supervisor.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = await once(supervisor.stdout, 'data');
  const pid = Number(String(text));
  assert.notEqual(startTimeOf(pid), null);
  supervisor.kill('SIGKILL');
  await once(supervisor, 'exit');
  for (const deadline = performance.now() + PATIENCE; startTimeOf(pid) !== null; await sleep(10)) {
    assert.ok(performance.now() < deadline, 'it is still there');
  }
});
