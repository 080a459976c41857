import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import { NodeAgent } from '../src/agent.ts';
import type { NodeAgentOptions } from '../src/agent-options.ts';
import { NodeBlockLists } from '../src/block-list/node-block-lists.ts';
import { systemClock } from '../src/clock/clock.ts';
import { LocalWatch } from '../src/health/local-watch.ts';
import type { ProbeOutcome } from '../src/health/outcome.ts';
import type { Probe, Prober } from '../src/health/prober.ts';
import { Home } from '../src/home.ts';
import { NodeMembership } from '../src/membership/node-membership.ts';
import type { WhenRevoked } from '../src/membership/revocation.ts';
import { ProbeCounts } from '../src/probing/probe-counts.ts';
import { ControlCounts } from '../src/telemetry/control-counts.ts';
import { temporaryDirectory } from './directory.ts';
import { FakeControl } from './fake-control.ts';
import { FakeEngine } from './fake-engine.ts';
import { silentLog } from './log.ts';
import { plannedCheck, plannedGroup, plannedListener, plannedService, plannedTarget } from './planned.ts';

/** For tests of the agent as a whole: its engine carries nothing, its control plane is there over a real WebSocket. */

const success: ProbeOutcome = { kind: 'success', detail: '' };
export const refused: ProbeOutcome = { kind: 'failure', reason: 'CONNECT_FAILED', detail: 'ECONNREFUSED' };

/** Answers at once with what the test has set for the address. */
class InstantProber implements Prober {
  readonly outcomes = new Map<string, ProbeOutcome>();

  prepare(target: { address: string }): Probe {
    let timer: NodeJS.Immediate | undefined;
    return {
      request: Buffer.from('GET'),
      start: (_history, done) => {
        timer = setImmediate(() => done(this.outcomes.get(target.address) ?? success));
      },
      cancel: () => clearImmediate(timer),
    };
  }

  setAuthority(): void {}
}

export let directory = temporaryDirectory();
const ends: (() => Promise<void>)[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory.path, 'credentials'));
  writeFileSync(join(directory.path, 'credentials', 'node.json'), '{"token":"secret"}');
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  directory.remove();
});

export async function control(plan: NodePlan | null, port = 0): Promise<FakeControl> {
  const one = await FakeControl.listen(port);
  one.plan = plan;
  ends.push(() => one.kill());
  return one;
}

export async function node(
  controlUrl: string,
  engine = new FakeEngine(),
  prober = new InstantProber(),
  whenRevoked: WhenRevoked = 'serve',
  more: Partial<NodeAgentOptions> = {},
) {
  const home = await Home.open(directory.path);
  const agent = new NodeAgent({
    home,
    membership: await NodeMembership.open({
      ...{
        home,
        nodeId: 'node-1',
        zone: 'z1',
        controlUrls: [controlUrl],
        joinToken: undefined,
        joinTokenFile: undefined,
      },
      ...{ clock: systemClock, random: Math.random, log: silentLog },
    }),
    blockLists: new NodeBlockLists({
      path: home.blockListFile,
      engine,
      clock: systemClock,
      random: Math.random,
      log: silentLog,
    }),
    nodeId: 'node-1',
    whenRevoked,
    zone: 'z1',
    version: '1.2.3',
    controlUrls: [controlUrl],
    accessLog: 'file',
    accessLogFormat: 'json',
    accessLogMaxBytes: 1e6,
    accessLogKeep: 1,
    engine,
    counts: new ControlCounts(),
    watch: new LocalWatch({ clock: systemClock, random: Math.random, prober }),
    probes: new ProbeCounts(),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    ...more,
  });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (!stopped) await agent.stop(1234, true);
    stopped = true;
  };
  ends.push(stop);
  return { agent, engine, prober, stop };
}

/** Intervals short enough for a test to see both ways within half a second. */
const quick: Partial<PlannedHealthCheck> = { interval: 50, timeout: 50, rise: 2, fall: 2 };

export function plan(
  version: number,
  given: { port?: number; targets?: string[]; check?: PlannedHealthCheck | null } = {},
): NodePlan {
  const targets = (given.targets ?? ['127.0.0.2', '127.0.0.3']).map((address) =>
    plannedTarget({ id: address, address }),
  );
  const healthCheck = given.check === undefined ? plannedCheck(quick) : given.check;
  return planOf(version, [
    planEntry('listener', plannedListener({ port: given.port ?? 80 })),
    planEntry('service', plannedService({ healthCheck })),
    planEntry('group', plannedGroup({ targets })),
  ]);
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
