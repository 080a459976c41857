import type { RunningBalancer } from '../balancers/balancer.ts';
import type { Bench, Scenario } from '../bench.ts';
import { wrk } from '../load/wrk.ts';
import { measureLoad, TAIL_DISTURBED } from '../measure.ts';
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
  /** At that rate, also of the slowest thousandth: takes some ten seconds for enough of them. */
  readonly tail?: boolean;
  /** Which metrics to keep. */
  readonly metrics: readonly MetricName[];
  readonly targets: readonly Target[];
}

const WARM_UP_SECONDS = 4;
/** The equal load is this share of what the slowest balancer could do. */
const PACED_SHARE = 0.5;

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
  await warmUp(bench, stage, traffic, {});
  const rounds = new Map<string, Round[]>([...stage.balancers.keys()].map((name) => [name, []]));
  let think: number | undefined;
  for (let round = 1; round <= bench.settings.rounds; round += 1) {
    const saturated = await each(stage, round, (balancer) => {
      const load = loadOf(bench, traffic, balancer);
      return measureLoad(stage, balancer, () => wrk(load));
    });
    // The equal load is fixed after the first round, and the same for all.
    if (think === undefined) {
      think = thinkTime(traffic, [...saturated.values()]);
      if (traffic.paced === true) await warmUp(bench, stage, traffic, { think });
    }
    const equal = { think };
    const paced =
      traffic.paced === true
        ? await each(stage, round, (balancer) =>
            measurePaced(stage, balancer, traffic, { ...loadOf(bench, traffic, balancer), ...equal }),
          )
        : new Map<string, Round>();
    for (const [name, list] of rounds) {
      list.push({ ...keep(saturated.get(name) ?? {}, traffic.metrics), ...paced.get(name) });
    }
    bench.say(`round ${round} of ${bench.settings.rounds}`);
  }
  return rounds;
}

/** Load of the kind that is measured next: what is compiled at run time is compiled anew when the load is another one. */
async function warmUp(bench: Bench, stage: Stage, traffic: Traffic, { think }: { think?: number }): Promise<void> {
  for (const balancer of stage.balancers.values()) {
    const load = loadOf(bench, traffic, balancer);
    await wrk({ ...load, ...(think === undefined ? {} : { think }), seconds: WARM_UP_SECONDS });
  }
}

/** Small answers come from an origin that is never the bottleneck. */
function originsFor(traffic: Traffic): OriginKind {
  return traffic.path === PATHS.small ? 'small' : 'files';
}

/** One measurement of each balancer, one after the other; another one begins in each round. */
async function each(
  stage: Stage,
  round: number,
  measure: (balancer: RunningBalancer) => Promise<Round>,
): Promise<Map<string, Round>> {
  const all = [...stage.balancers];
  const first = round % all.length;
  const results = new Map<string, Round>();
  for (const [name, balancer] of [...all.slice(first), ...all.slice(0, first)]) {
    results.set(name, await measure(balancer));
  }
  return results;
}

/** Milliseconds between an answer and the next request that give `PACED_SHARE` of what the slowest can serve. */
function thinkTime(traffic: Traffic, saturated: readonly Round[]): number {
  const slowest = Math.min(...saturated.map((round) => round.requestsPerSecond ?? Number.POSITIVE_INFINITY));
  return Math.max(1, Math.round((traffic.connections * 1000) / (PACED_SHARE * slowest)));
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
  stage: Stage,
  balancer: RunningBalancer,
  traffic: Traffic,
  load: Parameters<typeof wrk>[0],
): Promise<Round> {
  const { p50, p99, p999, requestsPerSecond } = await measureLoad(stage, balancer, () => wrk(load), TAIL_DISTURBED);
  return {
    pacedP50: p50!,
    pacedP99: p99!,
    ...(traffic.tail === true && p999 !== undefined ? { pacedP999: p999 } : {}),
    pacedRate: requestsPerSecond!,
  };
}

function keep(round: Round, metrics: readonly MetricName[]): Round {
  const wanted = new Set<string>([...metrics, 'errors', 'foreign', 'stolen']);
  return Object.fromEntries(Object.entries(round).filter(([name]) => wanted.has(name)));
}
