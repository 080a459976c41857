import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import { drawConditions } from '@evenkeel/proxy/reactor/simulated/conditions.ts';
import { SimulatedNetwork } from '@evenkeel/proxy/reactor/simulated/network.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { Journal } from '../journal.ts';
import { StickyClient } from './client.ts';
import { serveSessions } from './origin.ts';
import { StickyWorld } from './world.ts';

const MOST_CHANGES = 15;
const LONGEST = 3_600_000;

/** Long enough that nobody is forgotten within a run. */
const TIMEOUT = 86_400_000;

/**
 * Clients that keep their cookies, two workers with one plan that changes under them, and targets that know whom they
 * have met. Every answer is held against what the plan said while the request was on its way.
 */
export function playSticky(seed: number, trace: ((line: string) => void) | null = null): Journal {
  const random = new Random(seed);
  const stickiness = drawStickiness(random, seed % 3);
  const network = new SimulatedNetwork(seed, drawConditions(random), trace);
  const journal = new Journal(network);
  const names = Array.from({ length: random.between(1, 6) }, (_, index) => `target-${index}`);
  const workers = [1, 2].map((worker) =>
    network.createReactor({ label: `worker-${worker}`, address: `10.3.0.${worker}`, buffers: 200, descriptors: 1_000 }),
  );
  const origins = names.map((name, index) => {
    const address = `10.2.0.${index + 1}`;
    const reactor = network.createReactor({ label: name, address, buffers: 100, descriptors: 1_000 });
    serveSessions(reactor, { address, port: 80 }, name);
    return reactor;
  });
  const world = new StickyWorld(workers, random.fork(), stickiness, names);
  network.run(100);
  const clients = Array.from({ length: random.between(1, 8) }, (_, index) => {
    const address = `10.1.0.${index + 1}`;
    const reactor = network.createReactor({ label: `client-${index}`, address, buffers: 40, descriptors: 100 });
    const fronts = workers.map((worker) => ({ address: worker.address, port: 80 }));
    return new StickyClient({ reactor, random: random.fork(), world, journal, stickiness, fronts });
  });
  for (const client of clients) client.start();
  const changeSoon = (left: number): void => {
    if (left === 0) return;
    network.after(random.real([0.1, random.pick([5, 200, 2_000])]), () => {
      if (clients.every((client) => client.done)) return;
      world.change();
      changeSoon(left - 1);
    });
  };
  changeSoon(MOST_CHANGES);
  const outcome = network.run(LONGEST, () => clients.every((client) => client.done) || journal.violations.length > 20);
  if (outcome !== 'done') journal.violate(`the clients are not done after ${LONGEST} ms`);
  for (const reactor of origins) reactor.halt();
  world.stop();
  network.run(network.now + 400_000);
  for (const { arena, open } of workers) {
    if (arena.free !== arena.capacity || open > 0) journal.violate('a worker has not given everything back');
  }
  world.retire();
  return journal;
}

function drawStickiness(random: Random, kind: number): PlannedStickiness {
  if (kind === 1) return { type: 'application-cookie', cookieName: 'SID', timeout: TIMEOUT };
  if (kind === 2) return { type: 'source-ip', timeout: TIMEOUT };
  const key = Buffer.alloc(32, random.below(256)).toString('base64');
  return { type: 'cookie', cookieName: 'EK', expiry: random.pick([0, TIMEOUT]), key, oldKeys: [] };
}
