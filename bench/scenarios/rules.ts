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

const SESSIONS: Traffic = {
  name: 'rules-100-sticky',
  title:
    'HTTP/1.1 keep-alive on 64 connections, each request for one of 100 hosts by chance, a rule for each; clients are ' +
    'kept by a cookie (nginx: by a hash of theirs), targets told of them by X-Forwarded-For, -Proto, -Port and -Host.',
  path: PATHS.small,
  connections: 64,
  hosts: 100,
  paced: true,
  tail: true,
  metrics: [...TRAFFIC.metrics, 'p999'],
  targets: [
    { metric: 'cpuPerRequest', kind: 'ratio', against: 'better', limit: 0.8 },
    { metric: 'userPerRequest', kind: 'ratio', against: 'better', limit: 0.7 },
    { metric: 'pacedP99', kind: 'ratio', against: 'better', limit: 1 },
    { metric: 'pacedP999', kind: 'ratio', against: 'better', limit: 1 },
  ],
};

/** What a listener of an application does, all at once. */
export const rules100Sticky: Scenario = {
  name: SESSIONS.name,
  title: SESSIONS.title,
  targets: [...SESSIONS.targets, { metric: 'errors', kind: 'absolute', limit: 0 }],
  run: (bench) =>
    onStage(bench, bench.balancers.map(withSessions), (stage) => takeTurns(bench, stage, SESSIONS), 'small'),
};

/** A balancer with 100 rules and sessions, whose cookie has been fetched. */
function withSessions(balancer: Balancer): Balancer {
  return {
    name: balancer.name,
    version: () => balancer.version(),
    async start(setup) {
      const running = await balancer.start({ ...setup, rules: 100, sessions: true });
      const answer = await fetch(`http://${running.address}:${running.port}${PATHS.small}`);
      await answer.arrayBuffer();
      const cookie = answer.headers.get('set-cookie')?.split(';', 1)[0];
      return cookie === undefined ? running : { ...running, cookie };
    },
  };
}
