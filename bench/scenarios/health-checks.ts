import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@evenkeel/client/client.ts';
import type { Bench, Scenario } from '../bench.ts';
import { applied, startInstallation } from '../installation.ts';
import type { Round } from '../metrics.ts';
import { startNginx } from '../nginx.ts';
import type { Endpoint } from '../origin.ts';
import { Child, eventually } from '../process/children.ts';
import { cpuOf, since, total } from '../process/cpu.ts';
import { freePorts } from '../process/ports.ts';

const TARGETS = 10_000;
const QUICK_TARGETS = 1_000;
/** What one group may hold by the default quota. */
const TARGETS_PER_GROUP = 1_000;
const INTERVAL_SECONDS = 5;
/** Probes that a connection carries where they may share one. */
const PER_CONNECTION = 10;

/** What is asked in turn after the first kind, of those who can be told to. */
const OTHER_KINDS = [
  { kind: 'shared', healthCheck: { httpVersion: '1.1', checksPerConnection: PER_CONNECTION } },
  { kind: 'tcp', healthCheck: { protocol: 'tcp', checksPerConnection: 1 } },
] as const;
type OtherKind = (typeof OTHER_KINDS)[number];
/** Every target is probed this often in one measurement. */
const PROBES = 3;
const MAX_ROUNDS = 3;
const HOST = '127.0.0.1';

/** Somebody who checks the targets, and the processes that it takes. */
interface Checker {
  readonly name: string;
  /** Asks in another way from then on; null: it cannot. */
  readonly turnTo: ((kind: OtherKind) => Promise<void>) | null;
  pids(): readonly number[];
  stop(): Promise<void>;
}

export const healthChecks: Scenario = {
  name: 'health-checks',
  title:
    `${TARGETS.toLocaleString('en-US')} targets, each asked by GET over HTTP/1.0 every ${INTERVAL_SECONDS} s, and no ` +
    'traffic. The whole process counts, and on the loopback interface also the half of the TCP work that targets would ' +
    `do on machines of their own. shared*: the same with ${PER_CONNECTION} checks to a connection, by GET over HTTP/1.1. tcp*: the same by ` +
    'connecting and resetting alone.',
  targets: [{ metric: 'checksBusy', kind: 'absolute', limit: 0.05 }],
  run: (bench) => measure(bench, bench.settings.quick ? QUICK_TARGETS : TARGETS),
};

async function measure(bench: Bench, count: number): Promise<Map<string, Round[]>> {
  const directory = mkdtempSync(join(bench.directory, 'checks-'));
  const { origin, targets } = await startTargets(directory, count);
  const checkers: Checker[] = [];
  try {
    for (const { name } of bench.balancers) {
      const home = join(directory, name);
      mkdirSync(home);
      if (name === 'haproxy') checkers.push(await startHaproxy(home, targets));
      if (name === 'evenkeel') checkers.push(await startEvenkeel(home, targets));
    }
    bench.say(`${count} targets are known; waiting until all are in their rhythm`);
    await sleep(3 * INTERVAL_SECONDS * 1_000);
    const rounds = new Map<string, Round[]>(checkers.map(({ name }) => [name, []]));
    for (let round = 1; round <= Math.min(MAX_ROUNDS, bench.settings.rounds); round += 1) {
      for (const [name, figures] of await measureOnce(checkers)) rounds.get(name)?.push(figures);
      bench.say(`round ${round}`);
    }
    const turning = checkers.filter(({ turnTo }) => turnTo !== null);
    for (const other of turning.length === 0 ? [] : OTHER_KINDS) {
      for (const { turnTo } of turning) await turnTo?.(other);
      await sleep(2 * INTERVAL_SECONDS * 1_000);
      for (let round = 1; round <= Math.min(MAX_ROUNDS, bench.settings.rounds); round += 1) {
        for (const [name, figures] of await measureOnce(turning)) {
          Object.assign(rounds.get(name)![round - 1]!, named(other.kind, figures));
        }
        bench.say(`round ${round}, ${other.kind}`);
      }
    }
    return rounds;
  } finally {
    for (const checker of checkers) await checker.stop();
    await origin.stop();
  }
}

/** The same figures under the names of another kind. */
function named(kind: OtherKind['kind'], { checksBusy = 0, checksUser = 0, checksSystem = 0 }: Round): Round {
  return { [`${kind}Busy`]: checksBusy, [`${kind}User`]: checksUser, [`${kind}System`]: checksSystem };
}

/**
 * One nginx on one socket for all addresses: a socket for each would take the descriptors that kept connections need.
 */
async function startTargets(directory: string, count: number) {
  const [port] = await freePorts(HOST, 1);
  const http = `  access_log off;\n  keepalive_requests 1000000000;\n  server {\n    listen ${port} backlog=4096;\n    location / { return 200 here; }\n  }\n`;
  const folder = join(directory, 'targets');
  mkdirSync(folder);
  const origin = await startNginx('targets', http, folder, { address: HOST, port: port! }, null);
  const targets = Array.from({ length: count }, (_, n): Endpoint => {
    return { address: `127.32.${n >> 8}.${n & 255}`, port: port! };
  });
  return { origin, targets };
}

/** Cores that each keeps busy, all of them over the same time, so that a disturbance is one for all. */
async function measureOnce(checkers: readonly Checker[]): Promise<Map<string, Round>> {
  const before = checkers.map((checker) => cpuOf(checker.pids()));
  const start = performance.now();
  await sleep(PROBES * INTERVAL_SECONDS * 1_000);
  const seconds = (performance.now() - start) / 1_000;
  return new Map(
    checkers.map((checker, index) => {
      const used = since(before[index], cpuOf(checker.pids()));
      const figures = {
        checksBusy: total(used) / seconds,
        checksUser: used.user / seconds,
        checksSystem: used.system / seconds,
      };
      return [checker.name, figures];
    }),
  );
}

async function startEvenkeel(directory: string, targets: readonly Endpoint[]): Promise<Checker> {
  const installation = await startInstallation({ directory, workers: 1, core: null });
  const services: string[] = [];
  for (let from = 0; from < targets.length; from += TARGETS_PER_GROUP) {
    services.push(await createService(installation.client, from, targets.slice(from, from + TARGETS_PER_GROUP)));
  }
  return {
    name: 'evenkeel',
    turnTo: async ({ healthCheck }) => {
      for (const backendServiceId of services) {
        await installation.client.updateBackendService({ params: { backendServiceId }, body: { healthCheck } });
      }
    },
    pids: () => installation.agentPids(),
    stop: () => installation.stop(),
  };
}

/** Returns its identifier. */
async function createService(client: Client, number: number, targets: readonly Endpoint[]): Promise<string> {
  const healthCheck = { protocol: 'http', interval: INTERVAL_SECONDS } as const;
  const service = { targets: [...targets], healthCheck };
  const [port] = await freePorts(HOST, 1);
  const made = await client.createLoadBalancer({
    body: { name: `checks-${number}`, listeners: [{ protocol: 'http', port, service }] },
  });
  await applied(client, made.operationId);
  const [id] = made.created.filter(({ kind }) => kind === 'backendService').map((object) => object.id);
  const areHealthy = async (): Promise<boolean> => {
    const { total: known, healthy } = await client.getBackendServiceHealth({ params: { backendServiceId: id } });
    return healthy === known;
  };
  // The answer is long: asking often would be most of the load.
  await eventually(`${targets.length} healthy targets`, areHealthy, 500, 60_000);
  return id!;
}

async function startHaproxy(directory: string, targets: readonly Endpoint[]): Promise<Checker> {
  const [port] = await freePorts(HOST, 1);
  const file = join(directory, 'haproxy.cfg');
  const servers = targets.map(
    ({ address, port: at }, index) => `  server s${index} ${address}:${at} check inter ${INTERVAL_SECONDS}s`,
  );
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 1000
  spread-checks 5

defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  timeout check 3s

frontend clients
  bind ${HOST}:${port}
  default_backend targets

backend targets
  option httpchk GET /
${servers.join('\n')}
`,
  );
  const child = new Child('haproxy', ['haproxy', '-db', '-f', file], {
    log: join(directory, 'haproxy.log'),
    core: null,
  });
  await child.listening(HOST, port);
  return { name: 'haproxy', turnTo: null, pids: () => child.pids, stop: () => child.stop() };
}
