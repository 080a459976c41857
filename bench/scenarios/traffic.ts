import type { Bench, Scenario } from '../bench.ts';
import { wrk } from '../load/wrk.ts';
import { measureLoad } from '../measure.ts';
import type { MetricName, Round } from '../metrics.ts';
import { loadCore, onStage, type Stage } from '../stage.ts';
import type { Rounds, Target } from '../verdict.ts';

export interface Traffic {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  readonly connections: number;
  /** A new connection for each request. */
  readonly close?: boolean;
  /** Measure latency also at a rate that every balancer can serve. */
  readonly paced?: boolean;
  /** Which metrics to keep. */
  readonly metrics: readonly MetricName[];
  readonly targets: readonly Target[];
}

const WARM_UP_SECONDS = 2;
/** The equal load is this share of what the slowest balancer could do. */
const PACED_SHARE = 0.5;

/** A scenario of HTTP load: all balancers run side by side, each round loads one after the other. */
export function trafficScenario(traffic: Traffic): Scenario {
  return {
    name: traffic.name,
    title: traffic.title,
    targets: [...traffic.targets, { metric: 'errors', kind: 'absolute', limit: 0 }],
    run: (bench) => onStage(bench, bench.balancers, (stage) => takeTurns(bench, stage, traffic)),
  };
}

async function takeTurns(bench: Bench, stage: Stage, traffic: Traffic): Promise<Rounds> {
  const rounds = new Map<string, Round[]>();
  const rates: number[] = [];
  for (const [name, balancer] of stage.balancers) {
    const warmUp = await wrk({ ...loadOf(bench, traffic, balancer), seconds: WARM_UP_SECONDS });
    rates.push(warmUp.requests / warmUp.seconds);
    rounds.set(name, []);
  }
  const think = Math.max(1, Math.round((traffic.connections * 1000) / (PACED_SHARE * Math.min(...rates))));
  for (let round = 1; round <= bench.settings.rounds; round += 1) {
    for (const [name, balancer] of stage.balancers) {
      const load = loadOf(bench, traffic, balancer);
      const saturated = keep(await measureLoad(stage, balancer, () => wrk(load)), traffic.metrics);
      const paced = traffic.paced === true ? await measurePaced({ ...load, think }) : {};
      rounds.get(name)?.push({ ...saturated, ...paced });
    }
    bench.say(`round ${round} of ${bench.settings.rounds}`);
  }
  return rounds;
}

function loadOf(bench: Bench, traffic: Traffic, balancer: { readonly address: string; readonly port: number }) {
  return {
    url: `http://${balancer.address}:${balancer.port}${traffic.path}`,
    connections: traffic.connections,
    seconds: bench.settings.seconds,
    close: traffic.close === true,
    core: loadCore(bench),
  };
}

async function measurePaced(load: Parameters<typeof wrk>[0]): Promise<Round> {
  const result = await wrk(load);
  return { pacedP50: result.p50, pacedP99: result.p99, pacedRate: result.requests / result.seconds };
}

function keep(round: Round, metrics: readonly MetricName[]): Round {
  const wanted = new Set<string>([...metrics, 'errors', 'foreign', 'stolen']);
  return Object.fromEntries(Object.entries(round).filter(([name]) => wanted.has(name)));
}
