import type { RunningBalancer } from '../balancers/balancer.ts';
import type { Bench, Scenario } from '../bench.ts';
import { ENOUGH, latencyFigures, measureLatencies } from '../latency.ts';
import { wrk } from '../load/wrk.ts';
import { measureLoad } from '../measure.ts';
import type { MetricName, Round } from '../metrics.ts';
import { type OriginKind, PATHS } from '../origin.ts';
import { loadCore, onStage, type Stage } from '../stage.ts';
import type { Rounds, Target } from '../verdict.ts';

export interface Traffic {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  readonly connections: number;
  /** By HTTPS; the balancers have been given a certificate. */
  readonly tls?: boolean;
  /** A new connection for each request. */
  readonly close?: boolean;
  /** Requests are for so many hosts instead of one. */
  readonly hosts?: number;
  /** No two requests in a row have the same fields. */
  readonly vary?: boolean;
  /** Measure latency also at a rate that every balancer can serve. */
  readonly paced?: boolean;
  /** At that rate, also of the slowest thousandth, which takes more of them. */
  readonly tail?: boolean;
  /** Which metrics to keep. */
  readonly metrics: readonly MetricName[];
  readonly targets: readonly Target[];
}

const WARM_UP_SECONDS = 4;
const WARM_UP_LOADS = 3;
/** The equal load is this share of what the slowest balancer could do. */
const PACED_SHARE = 0.5;
/** Schedules that a round may take: each repeat has one of its own, the same for all balancers. */
const SEEDS = 100;

/** A scenario of HTTP load: all balancers run side by side, each round loads one after the other. */
export function trafficScenario(traffic: Traffic): Scenario {
  return {
    name: traffic.name,
    title: traffic.title,
    targets: [...traffic.targets, { metric: 'errors', kind: 'absolute', limit: 0 }],
    run: (bench) => onStage(bench, bench.balancers, (stage) => takeTurns(bench, stage, traffic), originsFor(traffic)),
  };
}

/** Loads the balancers of a stage one after the other, round by round. */
export async function takeTurns(bench: Bench, stage: Stage, traffic: Traffic): Promise<Rounds> {
  await warmUp(bench, stage, traffic);
  const names = [...stage.balancers.keys()];
  const rounds = new Map<string, Round[]>(names.map((name) => [name, []]));
  const latencies = new Map<string, number[]>(names.map((name) => [name, []]));
  let rate: number | undefined;
  for (let round = 1; round <= bench.settings.rounds; round += 1) {
    const saturated = await each(stage, round, (balancer) => {
      const load = loadOf(bench, traffic, balancer);
      return measureLoad(stage, balancer, () => wrk(load));
    });
    // The equal load is fixed after the first round, and the same for all.
    rate ??= PACED_SHARE * Math.min(...[...saturated.values()].map((one) => one.requestsPerSecond!));
    const load = { rate, seed: round * SEEDS };
    const found =
      traffic.paced === true
        ? await each(stage, round, (balancer) => measurePaced(bench, stage, traffic, balancer, load))
        : new Map<string, never>();
    for (const [name, list] of rounds) {
      const [before, paced] = [saturated.get(name)!, found.get(name)];
      const errors = (before.errors ?? 0) + (paced?.failed ?? 0);
      list.push({ ...keep({ ...before, errors }, traffic.metrics), ...paced?.figures });
      for (const took of paced?.took ?? []) latencies.get(name)!.push(took);
    }
    bench.say(`round ${round} of ${bench.settings.rounds}`);
  }
  if (traffic.paced !== true) return rounds;
  const pooled = new Map([...latencies].map(([name, took]) => [name, latencyFigures(took, isTail(traffic), ENOUGH)]));
  return Object.assign(rounds, { pooled });
}

/**
 * What is compiled at run time is compiled under load, and once more when connections have ended and others have come: code
 * that has never seen that was compiled without it.
 */
async function warmUp(bench: Bench, stage: Stage, traffic: Traffic): Promise<void> {
  for (const balancer of stage.balancers.values()) {
    for (let load = 0; load < WARM_UP_LOADS; load++) {
      await wrk({ ...loadOf(bench, traffic, balancer), seconds: WARM_UP_SECONDS });
    }
  }
}

/** Small answers come from an origin that is never the bottleneck. */
function originsFor(traffic: Traffic): OriginKind {
  return traffic.path === PATHS.small ? 'small' : 'files';
}

/** One measurement of each balancer, one after the other; another one begins in each round. */
async function each<T>(
  stage: Stage,
  round: number,
  measure: (balancer: RunningBalancer) => Promise<T>,
): Promise<Map<string, T>> {
  const all = [...stage.balancers];
  const first = round % all.length;
  const results = new Map<string, T>();
  for (const [name, balancer] of [...all.slice(first), ...all.slice(0, first)]) {
    results.set(name, await measure(balancer));
  }
  return results;
}

function loadOf(bench: Bench, traffic: Traffic, balancer: Pick<RunningBalancer, 'address' | 'port' | 'cookie'>) {
  return {
    url: `http${traffic.tls === true ? 's' : ''}://${balancer.address}:${balancer.port}${traffic.path}`,
    connections: traffic.connections,
    seconds: bench.settings.seconds,
    close: traffic.close === true,
    vary: traffic.vary === true,
    ...(traffic.hosts === undefined ? {} : { hosts: traffic.hosts }),
    ...(balancer.cookie === undefined ? {} : { cookie: balancer.cookie }),
    core: loadCore(bench),
  };
}

async function measurePaced(
  bench: Bench,
  stage: Stage,
  { path, connections, hosts, ...traffic }: Traffic,
  balancer: RunningBalancer,
  { rate, seed }: { readonly rate: number; readonly seed: number },
): Promise<{ took: readonly number[]; failed: number; figures: Round }> {
  const { rounds, seconds } = bench.settings;
  const tail = isTail(traffic);
  // What all rounds need together, each has its share of; so a thousandth of a single one is only told.
  const enough = tail ? Math.max(ENOUGH.p99, ENOUGH.p999 / rounds) : ENOUGH.p99;
  const { took, failed, paused, stolen } = await measureLatencies(
    stage,
    balancer,
    {
      path,
      connections,
      rate,
      seconds,
      seed,
      core: loadCore(bench),
      ...(hosts === undefined ? {} : { hosts }),
      ...(balancer.cookie === undefined ? {} : { cookie: balancer.cookie }),
    },
    { directory: bench.directory, wanted: enough },
  );
  const figures = latencyFigures(took, tail, { p99: ENOUGH.p99, p999: enough });
  return { took, failed, figures: { ...figures, pacedPaused: paused, pacedStolen: stolen, pacedRate: rate } };
}

function isTail({ tail }: Pick<Traffic, 'tail'>): boolean {
  return tail === true;
}

function keep(round: Round, metrics: readonly MetricName[]): Round {
  const wanted = new Set<string>([...metrics, 'errors', 'foreign', 'stolen']);
  return Object.fromEntries(Object.entries(round).filter(([name]) => wanted.has(name)));
}
