import type { Balancer } from '../balancers/balancer.ts';
import type { Scenario } from '../bench.ts';
import { PATHS } from '../origin.ts';
import { onStage } from '../stage.ts';
import { type Traffic, takeTurns } from './traffic.ts';

const RULES = 10_000;

const TRAFFIC: Traffic = {
  name: 'rules-10000',
  title:
    `HTTP/1.1 keep-alive on 64 connections, each request for one of ${RULES.toLocaleString('en-US')} hosts by chance: ` +
    'a rule for each of them, against one rule for all.',
  path: PATHS.small,
  connections: 64,
  hosts: RULES,
  metrics: ['cpuPerRequest', 'userPerRequest', 'systemPerRequest', 'requestsPerSecond', 'p50', 'p99', 'busy'],
  targets: [{ metric: 'cpuPerRequest', kind: 'ratio', against: 'one rule', limit: 1.3 }],
};

/** What many rules cost: our own balancer twice, and nobody else. */
export const rules10000: Scenario = {
  name: TRAFFIC.name,
  title: TRAFFIC.title,
  targets: [...TRAFFIC.targets, { metric: 'errors', kind: 'absolute', limit: 0 }],
  run: (bench) => {
    const ours = bench.balancers.at(-1);
    if (ours === undefined) throw new Error('there is no balancer to measure');
    const balancers = [withRules(ours, 1, 'one rule'), withRules(ours, RULES, ours.name)];
    return onStage(bench, balancers, (stage) => takeTurns(bench, stage, TRAFFIC), 'small');
  },
};

function withRules(balancer: Balancer, rules: number, name: string): Balancer {
  return { name, version: () => balancer.version(), start: (setup) => balancer.start({ ...setup, rules }) };
}
