import { resilienceOf } from '@evenkeel/model/plan/resilience.ts';
import { CALM, drawConditions, drawFaults } from '@evenkeel/proxy/reactor/simulated/conditions.ts';
import { SimulatedNetwork } from '@evenkeel/proxy/reactor/simulated/network.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import { SimulatedClient } from '../http/client.ts';
import { HttpLedger } from '../http/ledger.ts';
import { SimulatedOrigin } from '../http/origin.ts';
import type { HttpScenario, RequestPlan } from '../http/plan.ts';
import { Journal } from '../journal.ts';
import { TroubledOrigin } from './origin.ts';
import { checkRetries } from './retries.ts';
import { drawClients, drawOrigins, drawService, lateClients, RECOVERY, SHARED_OUT } from './scenario.ts';
import { StandingWatch } from './watch.ts';
import { isUnlimited, TroubledWorld, WORKERS } from './world.ts';

const LONGEST = 3_600_000;

/** Longer than everything that the workers wait for, in milliseconds. */
const SETTLE = 200_000;

const MOST_CHANGES = 12;

/** From then on, targets that come to the service start slowly, in milliseconds. */
const ESTABLISHED = 31_000;

/**
 * Two workers before origins that die, stall, lie, reset, and close connections under requests, while clients vanish and
 * the plan changes; after some seconds all of that is over, and everybody must get what is theirs again.
 *
 * A third of the seeds is on a network that breaks nothing itself. There the end is looked at closely: each target has
 * its share, and every request is answered.
 */
export function playTrouble(seed: number, trace: ((line: string) => void) | null = null): Journal {
  const random = new Random(seed);
  const isSound = seed % 3 === 0;
  const conditions = isSound ? random.pick([CALM, drawConditions(random)]) : drawConditions(random, drawFaults(random));
  const network = new SimulatedNetwork(seed, conditions, trace);
  const journal = new Journal(network);
  const service = drawService(random);
  const origins = drawOrigins(random);
  const until = random.between(1_000, 5_000);
  const stopsAfter = random.chance(0.1) ? random.below(until) : null;
  const late = stopsAfter === null ? lateClients(WORKERS, origins.length, until + RECOVERY) : [];
  const scenario: HttpScenario = { clients: [...drawClients(random), ...late], origins, strict: false, stopsAfter };
  const ledger = new HttpLedger(journal, scenario);
  const workers = Array.from({ length: WORKERS }, (_, index) =>
    network.createReactor({
      label: `worker-${index}`,
      address: `10.3.0.${index + 1}`,
      buffers: 200,
      descriptors: 1_000,
    }),
  );
  const world = new TroubledWorld(workers, random.fork(), journal, service, origins);
  const addresses = new Map(
    scenario.clients.flatMap(({ requests, address }) => requests.map(({ id }) => [id, address])),
  );
  const forwardedFor = ({ id }: RequestPlan) => addresses.get(id) ?? '';
  const ends: SimulatedReactor[] = [];
  const reactorOf = ({ label, address }: { readonly label: string; readonly address: string }) => {
    const reactor = network.createReactor({ label, address, buffers: 24, descriptors: 1_000 });
    ends.push(reactor);
    return reactor;
  };
  const troubled = origins.map((plan) => {
    const mood = random.fork();
    return new TroubledOrigin(
      network,
      mood,
      (moodNow) =>
        new SimulatedOrigin({
          reactor: reactorOf(plan),
          plan,
          ledger,
          journal,
          forwardedFor,
          told: null,
          mood: moodNow,
        }),
    );
  });
  const clients = scenario.clients.map((plan, index) => {
    const remote = { address: workers[index % WORKERS]!.address, port: 80 };
    return new SimulatedClient({
      reactor: reactorOf(plan),
      plan,
      remote,
      ledger,
      journal,
      strict: false,
      proxied: true,
    });
  });
  network.run(ESTABLISHED);
  for (const origin of troubled) origin.begin(network.now + until);
  changeSoon(network, random.fork(), world, network.now + until);
  network.after(until, () => world.settle());
  for (const client of clients) client.start();
  if (stopsAfter !== null) network.after(stopsAfter, () => world.stop());
  const watch = new StandingWatch(world, journal);
  let counts: number[] = [];
  network.after(until + RECOVERY - 1, () => {
    counts = world.targets.map((target) => world.requestsAt(target));
    if (isSound && stopsAfter === null) checkRecovered(world, journal);
  });
  const look = (): boolean => {
    watch.look();
    return clients.every((client) => client.done) || journal.violations.length > 20;
  };
  if (network.run(LONGEST, look) !== 'done') journal.violate(`the clients are not done after ${LONGEST} ms`);
  ledger.close();
  if (isSound && stopsAfter === null)
    checkShares(
      world,
      journal,
      counts,
      ledger,
      late.flatMap(({ requests }) => requests),
    );
  checkLeaks(network, workers, ends, world, journal);
  const log = world.readLog();
  ledger.checkLog(log);
  checkRetries(log, journal, resilienceOf(service).retry, network.now);
  return journal;
}

/** Another plan now and then, until this moment. */
function changeSoon(
  network: SimulatedNetwork,
  random: Random,
  world: TroubledWorld,
  until: number,
  left = MOST_CHANGES,
) {
  network.after(random.real([0.1, random.pick([20, 300, 1_500])]), () => {
    if (network.now >= until || left === 0) return;
    world.change();
    changeSoon(network, random, world, until, left - 1);
  });
}

/** Long after everything went well again, nobody is held back. */
function checkRecovered(world: TroubledWorld, journal: Journal): void {
  for (const { targetId, ejected, share } of world.standings()) {
    if (ejected !== null) journal.violate(`${targetId} is still ejected for ${ejected.reason}`);
    else if (share !== 100) journal.violate(`${targetId} still has ${share} % of its share`);
  }
}

/** The late clients were all answered, and every target had its part in that. */
function checkShares(
  world: TroubledWorld,
  journal: Journal,
  counts: readonly number[],
  ledger: HttpLedger,
  late: readonly RequestPlan[],
): void {
  const { algorithm, retry } = world.service;
  // What one worker keeps for later gives way to another one that waits; where nothing may wait, it is turned away.
  if (isUnlimited(world.service)) {
    for (const { id } of late) {
      const outcome = ledger.outcomeOf(id);
      if (outcome?.kind !== 'answered') journal.violate(`${id}, after all trouble: ${JSON.stringify(outcome)}`);
    }
  }
  // By a key, all of it may belong to one target; by latency, most of it does; and on a slow network all are tried.
  const isUneven = algorithm === 'source-ip' || algorithm === 'hash' || algorithm === 'peak-ewma';
  if (isUneven || (retry?.tryTimeout ?? 0) > 0) return;
  const fair = WORKERS * SHARED_OUT;
  // What one worker keeps of a target that has fewer connections than there are workers is not there for the others,
  // and their turn goes to one that has room.
  const places = world.service.targetLimits?.maxConnections ?? Number.POSITIVE_INFINITY;
  const isLoose = algorithm === 'power-of-two' || places < WORKERS;
  const [least, most] = isLoose ? [1, Number.POSITIVE_INFINITY] : [fair / 2, 2 * fair];
  for (const [index, target] of world.targets.entries()) {
    const its = world.requestsAt(target) - counts[index]!;
    if (its < least || its > most) journal.violate(`${target.id} got ${its} of the late requests, not about ${fair}`);
  }
}

function checkLeaks(
  network: SimulatedNetwork,
  workers: readonly SimulatedReactor[],
  ends: readonly SimulatedReactor[],
  world: TroubledWorld,
  journal: Journal,
): void {
  network.run(network.now + SETTLE);
  let idle = 0;
  for (const target of world.targets) {
    const { active, open, idle: waiting, places, connectionPlaces } = world.at(target);
    idle += waiting;
    if (active !== 0 || places !== 0) journal.violate(`${active} requests and ${places} places at ${target.id}`);
    if (open !== waiting || connectionPlaces !== waiting) {
      journal.violate(`${open} connections and ${connectionPlaces} places at ${target.id}, ${waiting} of them idle`);
    }
  }
  const { requests, connections } = world.underWay;
  if (requests + connections + world.queued !== 0) {
    journal.violate(`${requests} requests, ${connections} connections, ${world.queued} in the queue of nobody`);
  }
  const open = workers.reduce((sum, worker) => sum + worker.open, 0);
  if (open !== idle) journal.violate(`${open} connections are open, ${idle} are counted as idle`);
  for (const { arena, label } of workers) {
    if (arena.free !== arena.capacity)
      journal.violate(`${label} holds ${arena.capacity - arena.free} buffers for nothing`);
  }
  for (const end of ends) end.halt();
  world.stop();
  network.run(network.now + SETTLE);
  for (const { arena, open: left, pendingTimers, label } of workers) {
    if (arena.free !== arena.capacity)
      journal.violate(`${label} holds ${arena.capacity - arena.free} buffers at the end`);
    if (left + pendingTimers > 0)
      journal.violate(`${label} has ${left} connections, ${pendingTimers} timers at the end`);
  }
  world.retire();
}
