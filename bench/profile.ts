import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { engine } from './balancers/engine.ts';
import { wrk } from './load/wrk.ts';
import { LARGE_BYTES, PATHS, startOrigins } from './origin.ts';
import { killAll, run } from './process/children.ts';
import { cpuOf, since, total } from './process/cpu.ts';
import { freePorts } from './process/ports.ts';

/**
 * Shows where the data plane's CPU time goes under load:
 *
 *   node_modules/.bin/node bench/profile.ts [--connections 64] [--seconds 5] [--close] [--large] [--sessions]
 *                                           [--top 60] [--callers]
 *
 * prints the CPU time per request, the hottest functions of user space and of the kernel in microseconds per request
 * (perf, sampling CPU time, with the names of compiled JavaScript; interpreted functions show as bytecode handlers), and
 * the system calls per request (strace, in a second run that is much slower). `--callers` adds call chains. Needs root
 * or perf_event_paranoid <= 1, and the packages linux-perf and strace.
 */
const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '5' },
    top: { type: 'string', default: '60' },
    close: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    sessions: { type: 'boolean', default: false },
    callers: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-profile-'));
const BALANCER_CORE = 0;
const LOAD_CORE = 1;
const MICROS_PER_SAMPLE = 250;
/** With `--sessions`: hosts, each with a rule, as in the scenario rules-100-sticky. */
const SESSION_HOSTS = 100;
process.once('SIGINT', () => {
  killAll();
  process.exit(1);
});

try {
  for (const name of ['origins', 'engine']) mkdirSync(join(directory, name));
  const origins = await startOrigins(values.large ? 'files' : 'small', join(directory, 'origins'), LOAD_CORE);
  const address = '127.0.0.4';
  const [port, metricsPort] = await freePorts(address, 2);
  // perf reads the names of compiled functions from a file that Node writes with this flag.
  process.env.BENCH_NODE_FLAGS = `${process.env.BENCH_NODE_FLAGS ?? ''} --perf-basic-prof`;
  const balancer = await engine.start({
    directory: join(directory, 'engine'),
    address,
    port,
    metricsPort,
    origins: origins.endpoints,
    core: BALANCER_CORE,
    ...(values.sessions ? { rules: SESSION_HOSTS, sessions: true } : {}),
  });
  const [pid] = balancer.pids();
  const cookie = values.sessions ? await cookieOf(`http://${address}:${port}${PATHS.small}`) : null;
  const load = () =>
    wrk({
      url: `http://${address}:${port}${values.large ? PATHS.large : PATHS.small}`,
      connections: Number(values.connections),
      seconds,
      close: values.close,
      ...(cookie === null ? {} : { hosts: SESSION_HOSTS, cookie }),
      core: LOAD_CORE,
    });
  await load();
  await costs(pid, load);
  await hotFunctions(pid, load);
  await systemCalls(pid, load);
  await balancer.stop();
  await origins.stop();
} finally {
  killAll();
  rmSync(directory, { recursive: true, force: true });
}

/** The cookie that keeps a client with its target. */
async function cookieOf(url: string): Promise<string> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  const cookie = answer.headers.get('set-cookie')?.split(';', 1)[0];
  if (cookie === undefined) throw new Error('the data plane has issued no cookie');
  return cookie;
}

async function costs(pid: number, load: () => ReturnType<typeof wrk>): Promise<void> {
  const before = cpuOf([pid]);
  const result = await load();
  const cpu = since(before, cpuOf([pid]));
  const each = (time: number) => ((time * 1e6) / result.requests).toFixed(2);
  console.log(
    `${result.requests} requests, ${(result.requests / result.seconds).toFixed(0)}/s, ${result.errors} failed`,
  );
  console.log(`CPU per request: ${each(total(cpu))} µs: user ${each(cpu.user)}, system ${each(cpu.system)}`);
  if (values.large) console.log(`${((result.requests * LARGE_BYTES) / 1e9 / total(cpu)).toFixed(2)} GB per CPU-second`);
}

async function hotFunctions(pid: number, load: () => ReturnType<typeof wrk>): Promise<void> {
  const data = join(directory, 'perf.data');
  const record = [
    'perf',
    'record',
    '-q',
    '-e',
    'cpu-clock',
    '-F',
    String(1e6 / MICROS_PER_SAMPLE),
    '-g',
    '-p',
    String(pid),
    '-o',
    data,
  ];
  const [, result] = await Promise.all([run([...record, '--', 'sleep', String(seconds)], { core: null }), load()]);
  const report = (...args: string[]) => run(['perf', 'report', '-i', data, '--stdio', '-q', ...args], { core: null });
  const list = await report('--no-children', '-g', 'none', '-n', '-s', 'dso,symbol', '-t', '|');
  const rows = list
    .split('\n')
    .map((line) => line.split('|').map((field) => field.trim()))
    .filter((fields) => fields.length >= 4 && /^\[.\] /.test(fields[3]))
    .map(([, samples, dso, symbol]) => ({
      micros: (Number(samples) * MICROS_PER_SAMPLE) / result.requests,
      dso,
      ring: symbol[1],
      symbol: symbol.slice(4),
    }));
  for (const [title, ring] of [
    ['user space', '.'],
    ['kernel', 'k'],
  ]) {
    const part = rows.filter((row) => row.ring === ring);
    const sum = part.reduce((all, row) => all + row.micros, 0);
    console.log(`\n${title}: ${sum.toFixed(2)} µs per request`);
    for (const { micros, dso, symbol } of part.slice(0, Number(values.top))) {
      console.log(`${micros.toFixed(3).padStart(8)}  ${symbol}  (${dso})`);
    }
  }
  if (!values.callers) return;
  const chains = join(tmpdir(), 'evenkeel-callers.txt');
  writeFileSync(chains, await report('--children', '-g', 'caller,0.5,callee', '-s', 'symbol'));
  console.log(`\ncall chains: ${chains}`);
}

async function systemCalls(pid: number, load: () => ReturnType<typeof wrk>): Promise<void> {
  const summary = join(directory, 'strace.txt');
  const trace = [
    'timeout',
    '-s',
    'INT',
    String(seconds + 1),
    'strace',
    '-f',
    '-c',
    '-q',
    '-p',
    String(pid),
    '-o',
    summary,
  ];
  const [, result] = await Promise.all([run(['sh', '-c', `${trace.join(' ')} || true`], { core: null }), load()]);
  console.log(`\nsystem calls per request (${result.requests} requests while being traced):`);
  const text = await run(['cat', summary], { core: null });
  for (const line of text.split('\n')) {
    const match = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\S+)$/.exec(line);
    if (match === null || match[2] === 'total') continue;
    const each = Number(match[1]) / result.requests;
    if (each >= 0.001) console.log(`${each.toFixed(3).padStart(8)}  ${match[2]}`);
  }
}
