import type { NetworkConditions } from '@evenkeel/proxy/reactor/simulated/conditions.ts';
import { SimulatedNetwork } from '@evenkeel/proxy/reactor/simulated/network.ts';
import { Journal } from '../journal.ts';
import { inspectLeaks, type MiddleLimits } from '../leaks.ts';
import type { MakeMiddle } from '../middle.ts';
import { SimulatedClient } from './client.ts';
import { HttpLedger } from './ledger.ts';
import { SimulatedOrigin, type Told } from './origin.ts';
import type { HttpScenario, RequestPlan } from './plan.ts';

/** How long the clients of one run may take, in milliseconds of virtual time. */
const LONGEST = 3_600_000;

export interface HttpRun {
  readonly scenario: HttpScenario;
  readonly conditions: NetworkConditions;
  readonly limits: MiddleLimits;
  readonly middle: MakeMiddle;
  /** How connections to origins tell whom they were made for; not at all when not said. */
  readonly told?: Told;
}

/** Plays one scenario on a network of its own and says what went wrong. The seed decides everything that `run` leaves open. */
export function playHttp(seed: number, run: HttpRun, trace: ((line: string) => void) | null = null): Journal {
  const { scenario, conditions, limits } = run;
  const network = new SimulatedNetwork(seed, conditions, trace);
  const journal = new Journal(network);
  const ledger = new HttpLedger(journal, scenario);
  const between = network.createReactor({ label: 'middle', address: '10.3.0.1', ...limits });
  const middle = run.middle(between, scenario.origins);
  const addresses = new Map(
    scenario.clients.flatMap((client) => client.requests.map((request) => [request.id, client.address])),
  );
  const forwardedFor = middle.proxies ? (request: RequestPlan) => addresses.get(request.id) as string : null;
  const ends = [...scenario.origins, ...scenario.clients].map(({ label, address }) =>
    network.createReactor({ label, address, buffers: 24, descriptors: 1000 }),
  );
  for (const [index, plan] of scenario.origins.entries()) {
    new SimulatedOrigin({
      reactor: ends[index]!,
      plan,
      ledger,
      journal,
      forwardedFor,
      told: run.told ?? null,
    }).listen();
  }
  const clients = scenario.clients.map((plan, index) => {
    const reactor = ends[scenario.origins.length + index]!;
    const strict = scenario.strict && scenario.stopsAfter === null;
    return new SimulatedClient({
      reactor,
      plan,
      remote: middle.front,
      ledger,
      journal,
      strict,
      proxied: middle.proxies,
    });
  });
  network.run(100);
  for (const client of clients) client.start();
  if (scenario.stopsAfter !== null) network.after(scenario.stopsAfter, () => middle.stop());
  const outcome = network.run(LONGEST, () => clients.every((client) => client.done) || journal.violations.length > 20);
  if (outcome !== 'done') journal.violate(`the clients are not done after ${LONGEST} ms`);
  ledger.close();
  inspectLeaks(network, between, middle, journal, limits, ends);
  const log = middle.readLog();
  if (log !== null) ledger.checkLog(log);
  return journal;
}
