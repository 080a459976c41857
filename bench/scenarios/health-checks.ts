import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Scenario } from '../bench.ts';
import { type Checker, type CheckKind, INTERVAL_SECONDS, PER_CONNECTION } from '../checkers/checker.ts';
import { startEvenkeel } from '../checkers/evenkeel.ts';
import { startHaproxy } from '../checkers/haproxy.ts';
import { NEAR, type Place, startTargets } from '../checkers/targets.ts';
import type { Round } from '../metrics.ts';
import { FarTargets, withoutFarTargets } from '../network/far-targets.ts';
import { cpuOf, since } from '../process/cpu.ts';
import { IdleTime, share } from '../process/idle-time.ts';
import { balancerCore, loadCore } from '../stage.ts';

const TARGETS = 10_000;
const QUICK_TARGETS = 1_000;
/** Every target is probed this often in one measurement. */
const PROBES = 3;
const MAX_ROUNDS = 3;
/** Seconds in which nobody checks, to see what the core does anyway. */
const NOBODY_SECONDS = 5;
const KINDS: readonly CheckKind[] = ['checks', 'shared', 'tcp'];

const WHAT =
  `${TARGETS.toLocaleString('en-US')} targets, each asked by GET over HTTP/1.0 every ${INTERVAL_SECONDS} s, and no ` +
  'traffic. ';
const OTHER_KINDS =
  ` Ten to a connection: the same with ${PER_CONNECTION} checks to a connection, by GET over HTTP/1.1. Connecting ` +
  'alone: the same by connecting and resetting.';

/** Targets are, for the kernel, on another machine: what is counted is the work of the checking side, and all of it. */
export const healthChecks: Scenario = {
  name: 'health-checks',
  title:
    `${WHAT}Targets are in a network namespace of their own, and what receiving their packets costs them is done on ` +
    'another core. Charged to the process is what the kernel says that the checking process has used; the whole core ' +
    'is that and everything else that its core does for the checks, interrupts and receiving included: the time that ' +
    `a program which runs when nothing else does has lost, over what it loses when nobody checks.${OTHER_KINDS}`,
  targets: [
    { metric: 'checksBusy', kind: 'absolute', limit: 0.05 },
    { metric: 'sharedBusy', kind: 'absolute', limit: 0.05 },
    { metric: 'tcpBusy', kind: 'absolute', limit: 0.05 },
  ],
  async run(bench) {
    if (withoutFarTargets !== false) throw new Error(withoutFarTargets);
    const [here, there] = [balancerCore(bench) ?? 0, loadCore(bench) ?? 1];
    const far = new FarTargets(here, there);
    try {
      const place: Place = { address: (index) => far.address(index), prefix: far.prefix, core: there };
      return await onStage(bench, place, here, async (checkers, directory) => {
        const idle = await IdleTime.start(here, directory);
        const rounds = await inTurns(bench, checkers, (turn) => oneByOne(turn, checkers, idle));
        await idle.stop();
        return rounds;
      });
    } finally {
      far.remove();
    }
  },
};

/** Without root: everything is on one machine, whose kernel charges the targets' half of TCP to who asks. */
export const healthChecksLoopback: Scenario = {
  name: 'health-checks-loopback',
  title:
    `${WHAT}Everything is on the loopback interface, so that the checking process is also charged for the half of the ` +
    `TCP work that targets would do on machines of their own.${OTHER_KINDS}`,
  targets: [],
  run: (bench) => onStage(bench, NEAR, null, (checkers) => inTurns(bench, checkers, allAtOnce)),
};

/** Starts targets and checkers, does the work when all are in their rhythm, and stops them. */
async function onStage(
  bench: Bench,
  place: Place,
  core: number | null,
  work: (checkers: readonly Checker[], directory: string) => Promise<Map<string, Round[]>>,
): Promise<Map<string, Round[]>> {
  const directory = mkdtempSync(join(bench.directory, 'checks-'));
  const count = bench.settings.quick ? QUICK_TARGETS : TARGETS;
  const targets = await startTargets(place, directory, count);
  const checkers: Checker[] = [];
  try {
    for (const { name } of bench.balancers) {
      const setup = { directory: join(directory, name), targets: targets.endpoints, core };
      mkdirSync(setup.directory);
      if (name === 'haproxy') checkers.push(await startHaproxy(setup));
      if (name === 'evenkeel') checkers.push(await startEvenkeel(setup));
    }
    bench.say(`${count} targets are known; waiting until all are in their rhythm`);
    await sleep(3 * INTERVAL_SECONDS * 1_000);
    return await work(checkers, directory);
  } finally {
    for (const checker of checkers) await checker.stop();
    await targets.stop();
  }
}

/** Has all kinds measured in all rounds; those who know one kind of check alone take part in the first. */
async function inTurns(
  bench: Bench,
  checkers: readonly Checker[],
  measure: (turn: readonly Checker[]) => Promise<Map<string, Used>>,
): Promise<Map<string, Round[]>> {
  const rounds = new Map<string, Round[]>(checkers.map(({ name }) => [name, []]));
  const turning = checkers.filter(({ turnTo }) => turnTo !== null);
  for (const kind of KINDS) {
    const turn = kind === 'checks' ? checkers : turning;
    if (turn.length === 0) continue;
    for (const { turnTo } of turning) await turnTo?.(kind);
    await sleep(2 * INTERVAL_SECONDS * 1_000);
    for (let round = 0; round < Math.min(MAX_ROUNDS, bench.settings.rounds); round++) {
      for (const [name, figures] of await measure(turn)) {
        const list = rounds.get(name)!;
        list[round] = { ...list[round], ...named(kind, figures) };
      }
      bench.say(`round ${round + 1}, ${kind}`);
    }
  }
  return rounds;
}

/** Cores that are kept busy. */
interface Used {
  readonly user: number;
  readonly system: number;
  /** Of the whole core, whoever is charged for it; null: not known. */
  readonly core: number | null;
}

function named(kind: CheckKind, { user, system, core }: Used): Round {
  const whole = core === null ? {} : { [`${kind}Core`]: core };
  return { [`${kind}Busy`]: user + system, [`${kind}User`]: user, [`${kind}System`]: system, ...whole };
}

/** All over the same time, so that a disturbance is one for all. */
async function allAtOnce(checkers: readonly Checker[]): Promise<Map<string, Used>> {
  const used = await over(PROBES * INTERVAL_SECONDS, checkers);
  return new Map(checkers.map(({ name }, index) => [name, { ...used[index]!, core: null }]));
}

/** Each while the others rest, as they have a core in common. */
async function oneByOne(
  turn: readonly Checker[],
  checkers: readonly Checker[],
  idle: IdleTime,
): Promise<Map<string, Used>> {
  const figures = new Map<string, Used>();
  for (const checker of checkers) signal(checker, 'SIGSTOP');
  try {
    const nobody = await busyOver(NOBODY_SECONDS, idle);
    for (const checker of turn) {
      signal(checker, 'SIGCONT');
      // Who has rested has its rhythm to find again.
      await sleep(2 * INTERVAL_SECONDS * 1_000);
      const before = idle.now();
      const [used] = await over(PROBES * INTERVAL_SECONDS, [checker]);
      figures.set(checker.name, { ...used!, core: share(before, idle.now()) - nobody });
      signal(checker, 'SIGSTOP');
    }
  } finally {
    for (const checker of checkers) signal(checker, 'SIGCONT');
  }
  return figures;
}

async function busyOver(seconds: number, idle: IdleTime): Promise<number> {
  const before = idle.now();
  await sleep(seconds * 1_000);
  return share(before, idle.now());
}

/** What each is charged for over the same time. */
async function over(seconds: number, checkers: readonly Checker[]): Promise<{ user: number; system: number }[]> {
  const before = checkers.map((checker) => cpuOf(checker.pids()));
  const start = performance.now();
  await sleep(seconds * 1_000);
  const elapsed = (performance.now() - start) / 1_000;
  return checkers.map((checker, index) => {
    const { user, system } = since(before[index]!, cpuOf(checker.pids()));
    return { user: user / elapsed, system: system / elapsed };
  });
}

function signal(checker: Checker, name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of checker.pids()) process.kill(pid, name);
}
